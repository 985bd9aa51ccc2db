// One call as libcurl sees it. Only client.cc and curl_driver.cc make one.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <string>

#include <curl/curl.h>

#include "http/client.h"

namespace nearside::http {

/// Made on the caller's thread, then driven by one thread of the client's, except for cancel().
class CurlTransfer {
 public:
  CurlTransfer(ClientRequest request, ClientSink sink, const ClientOptions& options);

  /// Sets the options of the easy handle. Errors: kInvalidArgument (URL).
  base::Status prepare();
  [[nodiscard]] CURL* handle() const { return handle_.get(); }

  /// No function of the sink is called after this returns. True when the transfer had not ended.
  bool cancel();
  /// Whether it has ended or was cancelled.
  [[nodiscard]] bool over();
  /// Tells the sink, unless cancelled.
  void end(base::Status status);

  /// What libcurl's outcome means.
  [[nodiscard]] base::Status describe(CURLcode outcome) const;

  /// When to give up unless something arrives, and the words for it.
  [[nodiscard]] std::chrono::steady_clock::time_point deadline() const;
  [[nodiscard]] base::Status late() const;

 private:
  struct FreeHandle {
    void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
  };
  struct FreeList {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
  };

  void prepare_tls();
  static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* self);
  void take_header(std::string_view line);
  bool take_body(std::string_view bytes);

  const ClientRequest request_;
  const ClientOptions& options_;
  const std::chrono::steady_clock::time_point started_;

  // Held while a sink function runs, so that cancel() can wait for it; recursive because the sink
  // may cancel its own call.
  std::recursive_mutex delivery_;  // guards sink_ and over_
  ClientSink sink_;
  bool over_ = false;

  Headers headers_;
  std::size_t header_bytes_ = 0;
  std::size_t body_bytes_ = 0;
  bool too_large_ = false;
  std::chrono::steady_clock::time_point last_byte_{};
  char error_[CURL_ERROR_SIZE] = {};
  std::unique_ptr<curl_slist, FreeList> header_list_;
  std::unique_ptr<CURL, FreeHandle> handle_;
};

}  // namespace nearside::http
