// One call as libcurl sees it. Only client.cc and curl_driver.cc make one.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include <curl/curl.h>

#include "http/transfer.h"

namespace nearside::http {

/// Made on the caller's thread, then driven by one thread of the client's, except for cancel().
class CurlTransfer : public Transfer {
 public:
  CurlTransfer(ClientRequest request, ClientSink sink, const ClientOptions& options);

  /// Sets the options of the easy handle. Errors: kInvalidArgument (URL).
  base::Status prepare();
  [[nodiscard]] CURL* handle() const { return handle_.get(); }

  /// What libcurl's outcome means.
  [[nodiscard]] base::Status describe(CURLcode outcome) const;

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

  const ClientOptions& options_;
  Headers headers_;
  char error_[CURL_ERROR_SIZE] = {};
  std::unique_ptr<curl_slist, FreeList> header_list_;
  std::unique_ptr<CURL, FreeHandle> handle_;
};

}  // namespace nearside::http
