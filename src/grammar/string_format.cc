#include "grammar/string_format.h"

#include <algorithm>
#include <array>
#include <utility>

namespace nearside::grammar {

namespace {

// RFC 3339 section 5.6 and appendix C: months have their days, and the 29th of February its years.
#define NEARSIDE_DATE                                                                           \
  "((\\d{4}-((0[13578]|1[02])-(0[1-9]|[12]\\d|3[01])|(0[469]|11)-(0[1-9]|[12]\\d|30)|"          \
  "02-(0[1-9]|1\\d|2[0-8])))|(\\d\\d(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])" \
  "00)-02-29)"
#define NEARSIDE_TIME \
  "([01]\\d|2[0-3]):[0-5]\\d:([0-5]\\d|60)(\\.\\d+)?([zZ]|[+-]([01]\\d|2[0-3]):[0-5]\\d)"
#define NEARSIDE_LABEL "[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
#define NEARSIDE_HOST NEARSIDE_LABEL "(\\." NEARSIDE_LABEL ")*"
#define NEARSIDE_OCTET "(25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)"
#define NEARSIDE_IPV4 "(" NEARSIDE_OCTET "\\.){3}" NEARSIDE_OCTET
#define NEARSIDE_H16 "[0-9a-fA-F]{1,4}"
#define NEARSIDE_LS32 "(" NEARSIDE_H16 ":" NEARSIDE_H16 "|" NEARSIDE_IPV4 ")"
// RFC 3986 section 3.2.2.
#define NEARSIDE_IPV6                                                                   \
  "((" NEARSIDE_H16 ":){6}" NEARSIDE_LS32 "|::(" NEARSIDE_H16 ":){5}" NEARSIDE_LS32     \
  "|(" NEARSIDE_H16 ")?::(" NEARSIDE_H16 ":){4}" NEARSIDE_LS32 "|((" NEARSIDE_H16       \
  ":){0,1}" NEARSIDE_H16 ")?::(" NEARSIDE_H16 ":){3}" NEARSIDE_LS32 "|((" NEARSIDE_H16  \
  ":){0,2}" NEARSIDE_H16 ")?::(" NEARSIDE_H16 ":){2}" NEARSIDE_LS32 "|((" NEARSIDE_H16  \
  ":){0,3}" NEARSIDE_H16 ")?::" NEARSIDE_H16 ":" NEARSIDE_LS32 "|((" NEARSIDE_H16       \
  ":){0,4}" NEARSIDE_H16 ")?::" NEARSIDE_LS32 "|((" NEARSIDE_H16 ":){0,5}" NEARSIDE_H16 \
  ")?::" NEARSIDE_H16 "|((" NEARSIDE_H16 ":){0,6}" NEARSIDE_H16 ")?::)"
// RFC 3986 appendix A.
#define NEARSIDE_PCHAR "([a-zA-Z0-9._~!$&'()*+,;=:@-]|%[0-9a-fA-F]{2})"
#define NEARSIDE_AUTHORITY                                               \
  "(([a-zA-Z0-9._~!$&'()*+,;=:-]|%[0-9a-fA-F]{2})*@)?(\\[" NEARSIDE_IPV6 \
  "\\]|([a-zA-Z0-9._~!$&'()*+,;=-]|%[0-9a-fA-F]{2})*)(:[0-9]*)?"
#define NEARSIDE_TAIL "(\\?(" NEARSIDE_PCHAR "|[/?])*)?(#(" NEARSIDE_PCHAR "|[/?])*)?"
#define NEARSIDE_URI                                                                           \
  "[a-zA-Z][a-zA-Z0-9+.-]*:(//" NEARSIDE_AUTHORITY "(/" NEARSIDE_PCHAR "*)*|/(" NEARSIDE_PCHAR \
  "+(/" NEARSIDE_PCHAR "*)*)?|" NEARSIDE_PCHAR "+(/" NEARSIDE_PCHAR "*)*|)" NEARSIDE_TAIL
#define NEARSIDE_RELATIVE                                                                   \
  "(//" NEARSIDE_AUTHORITY "(/" NEARSIDE_PCHAR "*)*|/(" NEARSIDE_PCHAR "+(/" NEARSIDE_PCHAR \
  "*)*)?|([a-zA-Z0-9._~!$&'()*+,;=@-]|%[0-9a-fA-F]{2})+(/" NEARSIDE_PCHAR "*)*|)" NEARSIDE_TAIL

constexpr std::array kPatterns = {
    std::pair<std::string_view, std::string_view>{"date", NEARSIDE_DATE},
    std::pair<std::string_view, std::string_view>{"time", NEARSIDE_TIME},
    std::pair<std::string_view, std::string_view>{"date-time", NEARSIDE_DATE "[tT]" NEARSIDE_TIME},
    std::pair<std::string_view, std::string_view>{
        "duration",
        "P((\\d+D|\\d+M(\\d+D)?|\\d+Y(\\d+M(\\d+D)?)?)(T(\\d+H(\\d+M(\\d+S)?)?|\\d+M(\\d+S)?|"
        "\\d+S))?|T(\\d+H(\\d+M(\\d+S)?)?|\\d+M(\\d+S)?|\\d+S)|\\d+W)"},
    // RFC 5321 section 4.1.2, without quoted local parts and address literals.
    std::pair<std::string_view, std::string_view>{
        "email",
        "[a-zA-Z0-9!#$%&'*+/=?^_`{|}~-]+(\\.[a-zA-Z0-9!#$%&'*+/=?^_`{|}~-]+)*@" NEARSIDE_HOST},
    std::pair<std::string_view, std::string_view>{"hostname", NEARSIDE_HOST},
    std::pair<std::string_view, std::string_view>{"ipv4", NEARSIDE_IPV4},
    std::pair<std::string_view, std::string_view>{"ipv6", NEARSIDE_IPV6},
    std::pair<std::string_view, std::string_view>{
        "uuid", "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"},
    std::pair<std::string_view, std::string_view>{"uri", NEARSIDE_URI},
    std::pair<std::string_view, std::string_view>{"uri-reference",
                                                  NEARSIDE_URI "|" NEARSIDE_RELATIVE},
    std::pair<std::string_view, std::string_view>{"json-pointer", "(/([^/~]|~[01])*)*"},
    std::pair<std::string_view, std::string_view>{"relative-json-pointer",
                                                  "(0|[1-9]\\d*)(#|(/([^/~]|~[01])*)*)"},
};

constexpr std::array<std::string_view, 6> kUnsupported = {"idn-email",     "idn-hostname", "iri",
                                                          "iri-reference", "uri-template", "regex"};

}  // namespace

StringFormat string_format(std::string_view name) {
  for (const auto& [known, pattern] : kPatterns)
    if (known == name) return {FormatKnown::kPattern, pattern};
  const bool defined = std::ranges::find(kUnsupported, name) != kUnsupported.end();
  return {defined ? FormatKnown::kUnsupported : FormatKnown::kAnnotation, {}};
}

}  // namespace nearside::grammar
