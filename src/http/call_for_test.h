// One whole call of the client, for tests that wait for it.
#pragma once

#include <latch>
#include <string>
#include <utility>

#include "http/client.h"

namespace nearside::http {

struct Called {
  int status = 0;
  std::string body;
  base::Status outcome;
};

inline Called call(Client& client, ClientRequest request) {
  Called called;
  std::latch done(1);
  const auto under_way = client.send(
      std::move(request), {.on_head = [&](int status, const Headers&) { called.status = status; },
                           .on_body = [&](std::string_view bytes) { called.body += bytes; },
                           .on_end =
                               [&](base::Status end) {
                                 called.outcome = std::move(end);
                                 done.count_down();
                               }});
  done.wait();
  return called;
}

}  // namespace nearside::http
