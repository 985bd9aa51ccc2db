// Instructions that try to take a model over: phrases of which each needs two parts, since single
// words ("ignore", "system prompt") are common in honest questions.
#include "policy/detectors/registry.h"
#include "policy/detectors/scan.h"

namespace nearside::policy {

namespace {

std::optional<Span> find(const Match& match) { return Span{match.end - 1, match.end}; }

}  // namespace

Detector prompt_injection_detector() {
  std::vector<Pattern> patterns;
  for (const char* expression : {// forget what you were told
                                 R"((?:ignore|disregard|forget|override|bypass|discard|do not follow|don't follow|stop following|neglect)\s{1,3}(?:(?:all|any|every|everything|of|the|your|my|these|those|our|and|about) ){0,5}(?:previous|prior|above|earlier|preceding|initial|original|existing|foregoing|past|former|old|system|safety|content|openai'?s?)\s{1,3}(?:\w{1,16} ){0,2}(?:instruction|direction|prompt|rule|command|guideline|programming|training|polic|restriction|message|context|order|constraint|filter|text|statement|conversation|request|task|input))",
                                 R"((?:ignore|disregard|forget|override|bypass)\s{1,3}(?:all |any |every ){0,2}(?:the |your |of |my |these ){0,3}(?:instructions|directions|rules|guidelines|restrictions|programming|limitations|policies|safeguards|ethic))",
                                 R"((?:ignore|forget|disregard) (?:everything|all|anything)(?: that| which)?(?: was| has been| you were| i| you)? (?:told|said|written|wrote|above|before|know|learned))",
                                 // be somebody without rules
                                 R"(\bdo anything now\b)",
                                 R"(\bd\.?a\.?n\.? (?:mode|stands|is an? ai|prompt|means|will))",
                                 R"((?:act|behave|respond|answer|pretend|roleplay|role-play|simulate|pose)\b[^\n]{0,48}\b(?:without|no|free of|free from|ignor\w{1,4}|unbound by|not bound by|not restricted)\b[^\n]{0,30}\b(?:restrictions?|rules?|limits?|limitations?|filters?|censorship|guidelines?|moral\w{0,8}|ethic\w{0,6}|boundaries|constraints?|polic\w{1,4}))",
                                 R"(\b(?:has|have|with|had|having) (?:no|zero|absolutely no) (?:restrictions|ethical|ethics|moral|morals|filters?|limitations|guidelines|censorship|rules|boundaries|content polic))",
                                 R"(\b(?:unfiltered|uncensored|unrestricted|amoral|jailbroken|unethical)\b[^\n.]{0,60}\b(?:ai|chatbot|assistant|model|language model|gpt|bot|persona|character|answer|response|mode)\b)",
                                 R"(\b(?:developer|god|jailbreak|sudo|evil|chaos|admin|debug|maintenance|opposite|dev) mode\b[^\n]{0,40}\b(?:enable|enabled|activate|activated|on|output|engaged|unlocked|policy|response|is now))",
                                 R"((?:enable|enabled|activate|activated|enter|switch to|simulate)\b[^\n.]{0,40}\b(?:developer|god|jailbreak|sudo|evil|chaos|admin|debug|unrestricted|opposite|dan) mode)",
                                 R"(\b(?:from now on|starting now|henceforth|going forward),?\s{1,3}you(?:'re| are| will| must| shall| have)\b[^\n]{0,60}\b(?:never|not|any|no|always|anything|character|persona|unfiltered|refuse|act as|called|named)\b)", R"(\byou (?:are|have been) (?:now )?(?:free|freed|liberated|released)\b[^\n]{0,60}\b(?:from|of)\b[^\n]{0,40}\b(?:confines|restrictions|rules|limit|chains|constraints|typical|policies))", R"(\byou (?:are|will be) (?:now )?going to (?:act|pretend|roleplay|play|be)\b[^\n]{0,60}\b(?:never|not|any|without|no)\b)", R"(\b(?:never|do not|don't|can't|cannot|must not) (?:ever )?(?:refuse|reject|decline|say (?:you can'?t|no|that you)|break character|apologi[sz]e|warn|mention (?:that you|being an ai|openai)|censor|disclaim))", R"(\b(?:stay|remain) in character\b)",
                                 R"(\b(?:two|both|2) (?:different )?(?:responses|answers|replies|ways)\b[^\n]{0,60}\b(?:normal|standard|gpt|classic|jailbr))",
                                 R"(\[?\b(?:jailbreak|jailbroken|unlocked|classic)\b\]?[^\n]{0,30}:)",
                                 // give away what you were told
                                 R"((?:reveal|show|print|repeat|output|display|disclose|leak|tell me|give me|what (?:is|are|was|were)|return|recite|spell out|translate|summari[sz]e|encode|write down|share)\b[^\n]{0,40}\b(?:your|the|system|above|hidden|secret|initial|original|previous)\b[^\n]{0,30}\b(?:system prompt|initial prompt|original prompt|hidden prompt|system message|initial instructions|original instructions|system instructions|secret (?:key|word|password|instructions|code)|instructions (?:above|you were given)|prompt above|text above|previous instructions))",
                                 R"((?:what|which)\b[^\n]{0,30}\b(?:password|secret|key|code)\b[^\n]{0,40}\b(?:you were|were you|you are|system prompt|told not|instructed|hidden))",
                                 // markers of other people's prompts
                                 R"((?:<\|im_start\|>|<\|system\|>|\[system\]|###\s{0,2}system|<<sys>>|\[inst\]|begin system prompt|end of (?:system )?(?:prompt|instructions)|new instructions?:|\bsystem (?:override|update|notice|alert)\b\s{0,2}[:!]))",
                                 R"(\b(?:ucar|aim|stan|dude|mongo tom|antigpt|basedgpt|evilbot|betterdan|devmode|sigmagpt|maximum|omega|condition red)\b[^\n.]{0,48}\b(?:no (?:rules|restrictions|moral|ethic|filter)|unfiltered|amoral|anything|regardless of|illegal|immoral|cannot refuse|never refuses))",
                                 R"((?:always|actually) intelligent and machiavellian)",
                                 R"(\b(?:illegal|unethical|immoral|harmful|dangerous|offensive)\b(?:, | or | and |/)(?:illegal|unethical|immoral|harmful|dangerous|offensive)\b[^\n]{0,60}\b(?:always|regardless|no matter|without|comply|answer|must|anything|will))",
                                 R"((?:regardless of|no matter how|even if)\b[^\n]{0,40}\b(?:legality|morality|ethic\w{0,5}|illegal|immoral|unethical|dangerous|harmful|legal or|moral or))"})
    patterns.push_back({expression, true});
  return {"prompt_injection",
          "prompt_injection",
          Sensitivity::kPublic,
          std::move(patterns),
          find,
          true};
}

}  // namespace nearside::policy
