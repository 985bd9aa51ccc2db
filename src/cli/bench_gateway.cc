// `nearside bench gateway`: how long replies of a gateway take, how many it gives, and what they
// cost it, beside a direct call. tools/bench-gateway sets the stage.
#include <chrono>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "cli/bench.h"
#include "cli/paced_upstream.h"
#include "gateway/config.h"
#include "http/load.h"
#include "http/server.h"

namespace nearside::cli {

namespace {

constexpr std::size_t kBodyBytesMax = 16U << 20;
// Each peer that is measured may keep as many to the server behind it as were asked of it.
constexpr std::size_t kConnectionsMax = 16'384;

struct Options {
  std::string address;
  std::string path = "/v1/chat/completions";
  std::string body_file;
  std::size_t prompt_bytes = 1'024;
  std::size_t concurrency = 1;
  double seconds = 2;
  double rate = 0;
  int pid = 0;
  bool stream = false;
  std::vector<std::string> headers;
  std::string upstream;  // serve instead of ask
  std::size_t pieces = 1;
  std::uint32_t pace_ms = 0;
  bool json = false;
};

/// Seconds of CPU that a process has used, and the bytes it has in memory.
struct Used {
  double cpu_seconds = 0;
  std::size_t resident_bytes = 0;
};

/// Of one process and, of the CPU, of its children: some servers work in those alone.
Used used_by(int pid) {
  Used used;
  std::ifstream children(fmt::format("/proc/{0}/task/{0}/children", pid));
  for (int child = 0; children >> child;) used.cpu_seconds += used_by(child).cpu_seconds;
  std::ifstream stat(fmt::format("/proc/{}/stat", pid));
  std::string line;
  std::getline(stat, line);
  // Fields are counted from the end of the name, which may hold anything.
  const std::size_t name_end = line.rfind(')');
  if (name_end == std::string::npos) return used;
  std::istringstream fields(line.substr(name_end + 2));
  std::string field;
  std::vector<std::string> all;
  while (fields >> field) all.push_back(field);
  if (all.size() < 22) return used;
  const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  used.cpu_seconds += (std::stod(all[11]) + std::stod(all[12])) / ticks;
  used.resident_bytes = std::stoull(all[21]) * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  return used;
}

/// A prompt of English words of about that many bytes.
std::string prompt_of(std::size_t bytes) {
  static constexpr std::string_view kText =
      "The pump in hall three has been leaking oil near the coupling since this morning, and the "
      "team would like to know which valve to close first. ";
  std::string text;
  while (text.size() < bytes) text += kText;
  text.resize(bytes);
  return text;
}

base::Result<std::string> request_of(const Options& options) {
  std::string body;
  if (!options.body_file.empty())
    body = TRY(base::read_file(options.body_file, kBodyBytesMax));
  else
    body = base::json::serialize(base::json::object{
        {"model", "auto"},
        {"stream", options.stream},
        {"max_tokens", 64},
        {"messages", base::json::array{base::json::object{
                         {"role", "user"}, {"content", prompt_of(options.prompt_bytes)}}}}});
  std::string head = fmt::format(
      "POST {} HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\nconnection: "
      "keep-alive\r\n",
      options.path, options.address);
  for (const std::string& header : options.headers) head += header + "\r\n";
  return fmt::format("{}content-length: {}\r\n\r\n{}", head, body.size(), body);
}

/// Answers every chat at once in so many pieces, streamed or whole as it was asked.
class Upstream final : public http::Handler {
 public:
  explicit Upstream(std::size_t pieces) {
    std::string text;
    for (std::size_t i = 0; i < pieces; ++i) {
      streamed_ +=
          "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1,"
          "\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"word \"},"
          "\"finish_reason\":null}]}\n\n";
      text += "word ";
    }
    streamed_ +=
        "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\","
        "\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}],\"usage\":{"
        "\"prompt_tokens\":256,\"completion_tokens\":64,\"total_tokens\":320}}\n\ndata: "
        "[DONE]\n\n";
    whole_ = fmt::format(
        R"({{"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{{"index":0,"message":{{"role":"assistant","content":"{}"}},"finish_reason":"stop"}}],"usage":{{"prompt_tokens":256,"completion_tokens":64,"total_tokens":320}}}})",
        text);
  }
  void handle(http::Request request, std::unique_ptr<http::Responder> responder) override {
    if (request.body.find("\"stream\":true") == std::string::npos)
      return responder->send({200, {{"content-type", "application/json"}}, whole_});
    responder->begin(200, {{"content-type", "text/event-stream"}});
    responder->write(streamed_);
    responder->finish();
  }

 private:
  std::string streamed_;
  std::string whole_;
};

Exit serve(const Options& options) {
  const auto address = gateway::parse_listen(options.upstream);
  if (!address) {
    fmt::print(stderr, "nearside: {}\n", address.error().message);
    return Exit::kUsage;
  }
  base::Logger log{base::Level::kOff};
  std::unique_ptr<http::Handler> upstream = std::make_unique<Upstream>(options.pieces);
  if (options.pace_ms != 0)
    upstream =
        std::make_unique<PacedUpstream>(std::chrono::milliseconds(options.pace_ms), options.pieces);
  http::ServerOptions server;
  server.connections_max = kConnectionsMax;
  server.address = address->host;
  server.port = address->port;
  server.threads = 1;
  const auto serving = http::Server::start(server, *upstream, log);
  if (!serving) {
    fmt::print(stderr, "nearside: {}\n", serving.error().message);
    return Exit::kFailed;
  }
  fmt::print("{{\"listening\":\"{}\"}}\n", (*serving)->address());
  std::fflush(stdout);
  pause();  // until a signal ends the process
  return Exit::kDone;
}

Exit measure(const Options& options) {
  const auto address = gateway::parse_listen(options.address);
  const auto request = request_of(options);
  if (!address || !request) {
    fmt::print(stderr, "nearside: {}\n", (!address ? address.error() : request.error()).message);
    return Exit::kUsage;
  }
  http::LoadOptions load;
  load.address = address->host;
  load.port = address->port;
  load.request = *request;
  load.connections = options.concurrency;
  load.rate = options.rate;
  load.duration = std::chrono::milliseconds(static_cast<std::int64_t>(options.seconds * 1000));
  if (options.pace_ms != 0) {  // one stream each, from its first frame on
    load.warm_up = {};
    load.requests_max = options.concurrency;
  }
  const Used before = used_by(options.pid);
  const auto began = std::chrono::steady_clock::now();
  auto result = http::run_load(load);
  const double wall =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  const Used after = used_by(options.pid);
  if (!result) {
    fmt::print(stderr, "nearside: {}\n", result.error().message);
    return Exit::kFailed;
  }
  const auto requests = static_cast<double>(result->total_us.size());
  const double rate = result->seconds > 0 ? requests / result->seconds : 0;
  // The warm-up's requests cost CPU too.
  const double cpu_us = options.pid != 0 && rate > 0
                            ? (after.cpu_seconds - before.cpu_seconds) * 1e6 / (rate * wall)
                            : 0;
  base::json::object out{{"concurrency", options.concurrency},
                         {"requests", result->total_us.size()},
                         {"failures", result->failures},
                         {"requests_per_second", rate},
                         {"p50_us", http::percentile(result->total_us, 0.5)},
                         {"p99_us", http::percentile(result->total_us, 0.99)},
                         {"first_byte_p50_us", http::percentile(result->first_byte_us, 0.5)},
                         {"first_byte_p99_us", http::percentile(result->first_byte_us, 0.99)},
                         {"gap_p99_us", http::percentile(result->gap_us, 0.99)},
                         {"cpu_us_per_request", cpu_us},
                         {"resident_bytes", after.resident_bytes}};
  if (options.pace_ms != 0) {
    out["cpu_percent"] = (after.cpu_seconds - before.cpu_seconds) / wall * 100;
    for (const auto& [key, value] :
         paced_figures(*result, std::chrono::milliseconds(options.pace_ms)))
      out[key] = value;
  }
  if (options.json) {
    fmt::print("{}\n", base::json::serialize(out));
  } else {
    for (const auto& [key, value] : out)
      fmt::print("{:<22} {}\n", std::string_view(key), base::json::serialize(value));
  }
  return result->failures == 0 ? Exit::kDone : Exit::kFailed;
}

}  // namespace

Run bench_gateway(App& root, App*& command) {
  command =
      root.add_subcommand("gateway", "Measures a gateway, or serves as what stands behind it");
  command->footer(
      "Example: nearside bench gateway --upstream 127.0.0.1:9000 &\n"
      "         nearside bench gateway --address 127.0.0.1:9000 --concurrency 8 --json\n"
      "tools/bench-gateway compares a node with a direct call, nginx and Portkey in one run.");
  auto options = std::make_shared<Options>();
  auto* asked = command->add_option("--address", options->address, "ADDRESS:PORT to measure");
  command->add_option("--path", options->path, "of the call")->capture_default_str();
  command->add_option("--body", options->body_file, "file with the request's JSON");
  command->add_option("--prompt-bytes", options->prompt_bytes, "of the prompt that is made up");
  command->add_option("--concurrency", options->concurrency, "connections")->within(1, 10'000);
  command->add_option("--seconds", options->seconds, "to measure")->between(0.1, 600.0);
  command->add_option("--rate", options->rate, "requests a second; 0: as fast as replies come");
  command->add_option("--pid", options->pid, "process whose CPU and memory are reported");
  command->add_flag("--stream", options->stream, "ask for streams");
  command->add_option("--header", options->headers, "further header, as 'name: value'");
  auto* served = command->add_option("--upstream", options->upstream,
                                     "serve canned answers at ADDRESS:PORT instead");
  command->add_option("--pieces", options->pieces, "of a canned answer");
  command->add_option(
      "--pace-ms", options->pace_ms,
      "between the pieces of a stream, given or expected; then each connection asks "
      "for one stream");
  command->add_flag("--json", options->json, "one JSON object");
  asked->excludes(served);
  return [options] {
    if (!options->upstream.empty()) return serve(*options);
    if (options->address.empty()) {
      fmt::print(stderr, "nearside: give --address to measure or --upstream to serve\n");
      return Exit::kUsage;
    }
    return measure(*options);
  };
}

}  // namespace nearside::cli
