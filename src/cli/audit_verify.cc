// `nearside audit verify`: whether an audit log is as it was written.
#include <cstdio>
#include <memory>
#include <string>

#include <fmt/format.h>

#include "base/file.h"
#include "base/json.h"
#include "cli/audit.h"
#include "trust/audit_log.h"

namespace nearside::cli {

namespace {

struct Options {
  std::string log;
  std::string key_file;
  std::string head;
  bool json = false;
};

base::Result<trust::AuditReport> verify(const Options& options) {
  const std::string pem = TRY(base::read_file(options.key_file, 1U << 20));
  const trust::PublicKey key = TRY(trust::PublicKey::from_pem(pem));
  std::optional<trust::AuditHead> expected;
  if (!options.head.empty()) expected = TRY(trust::AuditHead::parse(options.head));
  const std::string log = TRY(base::read_file(options.log));
  return trust::verify_audit_log(log, key, expected);
}

void print_json(const trust::AuditReport& report) {
  base::json::array findings;
  for (const trust::AuditFinding& finding : report.findings)
    findings.push_back(base::json::object{{"line", finding.line}, {"what", finding.what}});
  fmt::print("{}\n", base::json::serialize(base::json::object{{"verified", report.findings.empty()},
                                                              {"entries", report.head.entries},
                                                              {"head", report.head.text()},
                                                              {"findings", findings}}));
}

Exit run(const Options& options) {
  const base::Result<trust::AuditReport> report = verify(options);
  if (!report) {
    fmt::print(stderr, "nearside audit verify: {}\n", report.error().message);
    return Exit::kFailed;
  }
  if (options.json) {
    print_json(*report);
  } else {
    for (const trust::AuditFinding& finding : report->findings)
      fmt::print("line {}: {}\n", finding.line, finding.what);
    if (report->findings.empty())
      fmt::print("{} entries hold; the head is {}\n", report->head.entries, report->head.text());
  }
  if (report->findings.empty()) return Exit::kDone;
  fmt::print(stderr, "nearside audit verify: the log is not as it was written: {} findings\n",
             report->findings.size());
  return Exit::kFailed;
}

}  // namespace

Run audit_verify(App& root, App*& command) {
  const auto options = std::make_shared<Options>();
  command = root.add_subcommand("verify", "Finds removed, changed and moved entries");
  command->add_option("log", options->log, "audit log")->required();
  command->add_option("--key", options->key_file, "public key (PEM) of the log")->required();
  command->add_option("--head", options->head,
                      "NUMBER:HASH kept elsewhere, without which a cut-off end is not seen");
  command->add_flag("--json", options->json, "one JSON object on standard output");
  command->footer("Example: nearside audit verify --key audit.pub --head 17:0a1b... audit.log");
  return [options] { return run(*options); };
}

}  // namespace nearside::cli
