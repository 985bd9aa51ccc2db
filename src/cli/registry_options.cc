#include "cli/registry_options.h"

#include "base/file.h"

namespace nearside::cli {

void declare_registry_options(App& command, RegistryCommand& options) {
  command.add_option("--credentials-file", options.credentials_file,
                     "file with USER:PASSWORD (arguments can be read by everybody)");
  command.add_option("--ca-file", options.options.ca_file,
                     "authorities (PEM) besides the system's");
  command.add_flag("--plain-http", options.plain_http, "no TLS; to this machine only");
}

base::Result<package::Reference> read_registry_options(RegistryCommand& options) {
  package::Reference reference = TRY(package::parse_reference(options.reference));
  reference.plain_http = options.plain_http;
  if (!options.credentials_file.empty()) {
    options.options.credentials = TRY(base::read_file(options.credentials_file, 4096));
    while (options.options.credentials.ends_with('\n')) options.options.credentials.pop_back();
  }
  return reference;
}

}  // namespace nearside::cli
