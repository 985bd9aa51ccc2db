// Health of a person: medical words near words that say whose.
#include "policy/detectors/registry.h"
#include "policy/detectors/scan.h"

namespace nearside::policy {

namespace {

std::optional<Span> find(const Match& match) {
  const std::string_view text = match.text;
  // "What is diabetes?" is nobody's health; "my diabetes" is.
  constexpr std::size_t kNear = 96;
  if (is_letter(before(text, match.begin)) || is_letter(at(text, match.end))) return std::nullopt;
  const bool somebody = word_precedes(
      text, match.begin, kNear,
      {"patient",    "my ",        "i ",          "i'",        "he ",        "she ",     "his ",
       "her ",       "they ",      "mr",          "mrs",       "ms.",        "diagnos",  "suffer",
       "admitted",   "history of", "treated for", "year-old",  "years old",  "year old", "tested",
       "prescribed", "patientin",  "ich ",        "mein",      "er ",        "sie ",     "leidet",
       "herr ",      "frau ",      "erkrankt",    "wife",      "husband",    "mother",   "father",
       "son ",       "daughter",   "employee",    "colleague", "mitarbeiter"});
  return somebody ? std::optional(Span{match.begin, match.end}) : std::nullopt;
}

}  // namespace

Detector health_detector() {
  std::vector<Pattern> patterns;
  for (
      const char* expression :
      {R"((?:diabet(?:es|ic|iker)|cancer|tumou?r|krebs|leuk(?:a?emia|\xc3\xa4mie)|lymphoma|melanoma|chemotherap(?:y|ie)|hiv|aids|hepatitis|tuberculosis|syphilis|gonorrh(?:o)?ea|chlamydia))",
       R"((?:depression|depressive|depressed|anxiety disorder|bipolar|schizophreni[ae]|ptsd|adhd|autis(?:m|tic)|anorexia|bulimia|suicidal|psychosis|dementia|demenz|alzheimer(?:'s)?|parkinson(?:'s)?|epileps[yi]e?|seizures?|migraines?|migr\xc3\xa4ne|stroke|schlaganfall))",
       R"((?:asthma|copd|pneumonia|bronchitis|lungenentz\xc3\xbcndung|hypertension|bluthochdruck|high blood pressure|heart attack|herzinfarkt|heart failure|angina|arrhythmia|atrial fibrillation|cirrhosis|kidney (?:failure|disease)|dialysis|dialyse))",
       R"((?:multiple sclerosis|multiple sklerose|arthritis|rheumatism|rheuma|osteoporosis|fibromyalgia|lupus|crohn's|ulcerative colitis|endometriosis|miscarriage|fehlgeburt|pregnan(?:t|cy)|schwanger(?:schaft)?|abortion|infertility|ivf))",
       R"((?:fracture|concussion|headaches?|chest pain|shortness of breath|allerg(?:y|ic|ies|ie|isch)|insulin|antidepressants?|opioids?|methadone|warfarin|metformin|sertraline|prozac|lithium|burn-?out|disability|behinderung|krankschreibung|krankgeschrieben|sick leave|rehab|alcoholi(?:c|sm)|addiction))",
       R"((?:biopsy|biopsie|mri scan|ct scan|blood test|blutwerte|lab results|befund|diagnosis|diagnose|prognosis|medical record|krankenakte|patientenakte|surgery|operation am|transplant(?:ation)?))"})
    patterns.push_back({expression, true, true});
  return {"health", "health", Sensitivity::kConfidential, std::move(patterns), find};
}

}  // namespace nearside::policy
