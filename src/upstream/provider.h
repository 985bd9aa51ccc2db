// A provider: how one family of servers is asked and how its answers are read.
//
// A new one is a file that defines a Provider, plus one line in providers.cc.
#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "chat/event.h"
#include "chat/request.h"
#include "http/client.h"
#include "upstream/endpoint.h"

namespace nearside::upstream {

/// Reads the body of one successful reply as it arrives.
class ReplyReader {
 public:
  using Emit = std::function<void(chat::Event)>;
  virtual ~ReplyReader() = default;

  /// Emits pieces of the answer only, never Finished or Failed. Errors: what the server sent is no
  /// answer (kUnavailable), or it reports an error in the middle of one (its code).
  virtual base::Status feed(std::string_view bytes, const Emit& emit) = 0;
  /// The body has ended; `transport` says whether HTTP holds it complete. The answer is Finished
  /// only when the server said that it is: a stream that just stops is Failed. May emit what was
  /// held back before it returns the end.
  virtual chat::Event end(const base::Status& transport, const Emit& emit) = 0;
  /// What has been used so far, for an answer that ends early.
  [[nodiscard]] virtual chat::Usage usage() const = 0;
};

/// Stateless; thread-safe.
class Provider {
 public:
  virtual ~Provider() = default;
  [[nodiscard]] virtual std::string_view name() const = 0;
  /// The call that asks for a streamed answer (of vectors: for a whole one). `now` is for those who
  /// sign with the time. Errors: kUnsupported (something that this provider has no words for, so
  /// that another target may be tried), kInvalidArgument (the endpoint's configuration).
  [[nodiscard]] virtual base::Result<http::ClientRequest> ask(const Endpoint& endpoint,
                                                              const chat::Request& request,
                                                              base::WallTime now) const = 0;
  /// A reader for the reply to `request`.
  [[nodiscard]] virtual std::unique_ptr<ReplyReader> reader(const chat::Request& request,
                                                            const http::Headers& headers) const = 0;
};

/// The names of all providers, in order of registration.
std::vector<std::string_view> provider_names();

/// The provider of that name. Errors: kNotFound, naming those there are.
base::Result<const Provider*> find_provider(std::string_view name);

}  // namespace nearside::upstream
