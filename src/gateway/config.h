// The configuration of a node: one YAML file, checked whole.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "gateway/logprob_guard.h"
#include "gateway/quota.h"
#include "gateway/response_cache.h"
#include "http/tls.h"
#include "policy/label.h"
#include "policy/place.h"
#include "policy/region.h"
#include "policy/rules.h"
#include "policy/taint.h"
#include "telemetry/ledger.h"

namespace nearside::gateway {

struct ListenAddress {
  std::string host = "127.0.0.1";  // a literal IPv4 or IPv6 address
  std::uint16_t port = 8080;       // 0: any free one

  [[nodiscard]] bool loopback() const;
  /// "127.0.0.1:8080", "[::1]:8080".
  [[nodiscard]] std::string text() const;
};

/// "ADDR:PORT", "[V6]:PORT" or ":PORT" (loopback). Errors: kInvalidArgument.
base::Result<ListenAddress> parse_listen(std::string_view text);

struct NodeConfig {
  std::string name = "node";
  policy::Place place = policy::Place::kDevice;
  std::string region;
};

/// What a key's owner may do. Keys without a tenant belong to the tenant "".
struct TenantConfig {
  std::string name;
  policy::Regions regions;                             // where this tenant's data may be processed
  std::optional<policy::Sensitivity> sensitivity_min;  // its requests are at least this
};

/// What a key is good for.
enum class Scope : std::uint8_t {
  kInfer = 1,    // ask models, explain routes, list what there is
  kMetrics = 2,  // read /metrics
  kAdmin = 4,    // reload, read where the audit log ends
};
std::string_view scope_name(Scope scope);

struct KeyConfig {
  std::string name;
  std::array<std::uint8_t, 32> sha256{};  // of the key's bytes; zeros: the certificate says it all
  /// While a key is replaced: the other one that is good too.
  std::optional<std::array<std::uint8_t, 32>> sha256_next;
  /// The name in a client's certificate that is as good as the key: "CN=press-7,O=Plant".
  std::string client_name;
  std::string tenant;
  std::uint8_t scopes = static_cast<std::uint8_t>(Scope::kInfer);  // Scope, or'ed

  [[nodiscard]] bool may(Scope scope) const {
    return (scopes & static_cast<std::uint8_t>(scope)) != 0;
  }
};

struct AuthConfig {
  std::vector<KeyConfig> keys;
  /// Without any key, only loopback connections are served, without authentication. With a
  /// non-loopback listener keys are required (a configuration error otherwise).
  [[nodiscard]] bool anonymous() const { return keys.empty(); }
};

struct LimitsConfig {
  std::size_t body_bytes_max = std::size_t{4} << 20;
  std::size_t concurrent_requests_max = 256;
  std::size_t connections_max = 1024;
  std::chrono::milliseconds header_timeout{10'000};    // from the first byte to the whole request
  std::chrono::milliseconds idle_timeout{75'000};      // between requests of one connection
  std::chrono::milliseconds write_timeout{30'000};     // a client that does not read
  std::chrono::milliseconds request_timeout{600'000};  // a whole answer
  /// Of local models in memory at once, by the size of their files; then they are loaded when a
  /// request needs them. 0: no limit, all are loaded at the start.
  std::size_t model_memory_bytes = 0;
};

/// What opens a sealed model on this node. All empty: the model is not sealed.
struct SealedConfig {
  std::string envelope;  // file with the wrapped data key
  std::string key_file;  // opens the envelope, or
  std::string tpm;       // this machine's TPM does, as in "device:/dev/tpmrm0"; one of the two
};

/// A LoRA adapter of a local model (GGUF); targets name it as MODEL:ADAPTER.
struct AdapterConfig {
  std::string name;
  std::string file;
};

/// A GGUF file that a worker process of this node serves.
struct ModelConfig {
  std::string name;
  SealedConfig sealed{};
  std::string file;  // absolute, or relative to the working directory once loaded
  std::size_t context_tokens = 4096;
  std::size_t threads = 0;  // 0: as many as there are cores
  std::size_t sequences = 8;
  std::size_t prefix_cache_tokens = 8192;
  bool share_prefixes_between_tenants = false;  // see engine::Options
  std::vector<AdapterConfig> adapters{};
  std::string draft_file{};                       // of a small model that guesses ahead; "": none
  std::string kv_cache = "f16";                   // or "q8_0"
  std::chrono::milliseconds keep_alive{300'000};  // without requests, where memory is limited
};

/// A server that speaks a provider's dialect.
struct UpstreamConfig {
  std::string provider = "openai";
  std::string url;       // "https://host/v1"; the provider appends its paths
  std::string model;     // as that server calls it
  std::string key_env;   // name of the environment variable that holds the key, or
  std::string key_file;  // a file that holds it; at most one of the two
  std::chrono::milliseconds connect_timeout{3'000};
  std::chrono::milliseconds first_token_timeout{60'000};
  std::chrono::milliseconds stall_timeout{30'000};  // between two pieces of an answer
  std::chrono::milliseconds total_timeout{600'000};
  std::size_t concurrent_requests_max = 64;
  std::string ca_file;               // besides the system's certificate authorities
  bool ca_only = false;              // instead of the system's
  std::string certificate_file;      // this node's, for servers that ask for one (PEM)
  std::string certificate_key_file;  // its key (PEM)
  std::string pinned_key;            // "sha256//BASE64" of the server's public key
  std::string api_version;           // of Azure's or Anthropic's API
  std::string aws_region;            // of Bedrock; empty: read from the url
  std::string continues = "off";     // how it is asked to write on: upstream::Continues by name
};

/// Index into Config::models.
struct LocalModel {
  std::size_t model_index = 0;
  std::string adapter{};  // one of the model's; "": the model as it is
};

/// Where counters of quotas are kept; in this process when `redis` is empty.
struct QuotaStoreConfig {
  std::string redis;  // "ADDRESS:PORT"
  std::string password_env;
  std::string password_file;
  bool refuse_when_down = false;
};

/// Somebody whose signature under a model counts on this node.
struct SignerConfig {
  std::string name;
  std::string key_file;    // public key (PEM), or
  std::string roots_file;  // authorities (PEM), with
  std::string subject;     // the name that they must have certified
};

/// A prompt template that callers use by its name (templates.h).
struct TemplateConfig {
  std::string name;
  std::size_t version = 1;
  std::string file;
  SealedConfig sealed{};
  bool system = true;                // it is the system message; else the first of the user's
  std::vector<std::string> tenants;  // who may use it; empty: all
};

struct PackagesConfig {
  bool verified_only = false;  // load signed models, and nothing else
  std::vector<SignerConfig> signers;
};

/// Where the price of a target stands, until load_prices() has read it.
struct PriceBookConfig {
  std::size_t target_index = 0;  // into Config::policy.targets
  std::string file;              // in the public genai-prices format
  std::string seller, model;     // as the book calls them
};

/// What predicts the chance of a good answer. All empty: what targets are configured to be.
struct QualityConfig {
  std::string model;    // made by `nearside route train`, read at the start
  std::string learned;  // what feedback made of it, read before `model` and written by the node
  std::chrono::milliseconds save_every{60'000};

  [[nodiscard]] bool any() const { return !model.empty() || !learned.empty(); }
};

/// Judgements of answers (POST /v1/feedback). Without a file there are none.
struct FeedbackConfig {
  std::string file;
  /// The text of requests up to here is kept with their judgement; of others the judgement alone.
  policy::Sensitivity sensitivity_max = policy::Sensitivity::kInternal;
};

/// Which answers are compared with a second target's (comparisons.h). share 0: none.
struct ComparisonRules {
  double share = 0;                  // of the requests that may be compared
  std::vector<std::string> tenants;  // that take part; "": callers without one
  std::vector<std::string> targets;  // that second answers are asked of; empty: any
  double usd_per_day = 0;            // for all of them, the judge included; by UTC's days
  std::size_t at_once = 2;
  policy::Sensitivity sensitivity_max = policy::Sensitivity::kInternal;
  std::string judge;  // a target; "": where both might be right nothing is learned
  std::optional<double> logprob_mean_min;  // as policy::Cascade's
  bool charged = false;                    // to the caller's quotas and tenant
};

/// What is remembered of texts and conversations; see docs/labels.md. Only hashes, only in memory.
struct MemoryConfig {
  std::size_t texts_bytes_max = std::size_t{4} << 20;  // findings in texts read before; 0: none
  policy::TaintMemory::Options conversations{};
};

/// Both or none.
struct AuditConfig {
  std::string file;
  std::string key_file;  // private key (PEM) that signs the entries
};

struct LedgerConfig {
  std::string file = "nearside-ledger.sqlite";
  telemetry::LedgerSync sync = telemetry::LedgerSync::kEachReply;
};

struct Config {
  std::string file;    // it was read from; "" for the default configuration
  std::string digest;  // SHA-256 of the file's bytes in hex; "" for the default configuration
  std::vector<ListenAddress> listen = {ListenAddress{}};
  std::optional<http::TlsFiles> tls;  // of every listener; empty: plain HTTP
  NodeConfig node;
  AuthConfig auth;
  std::vector<TenantConfig> tenants;
  LimitsConfig limits;
  PackagesConfig packages;
  std::vector<ModelConfig> models;
  std::vector<TemplateConfig> templates;
  LogprobRules logprobs;
  policy::LabelRules labels;
  MemoryConfig memory;
  policy::PolicySet policy;
  /// How to reach policy.targets[i]: parallel to it.
  std::vector<std::variant<LocalModel, UpstreamConfig>> reach;
  std::vector<PriceBookConfig> price_books;
  std::vector<QuotaRule> quotas;
  QuotaStoreConfig quota_store;
  CacheConfig cache;
  std::string shadow_file;  // configuration with a policy on trial; "" for none
  QualityConfig quality;
  FeedbackConfig feedback;
  ComparisonRules comparisons;
  LedgerConfig ledger;
  AuditConfig audit;
  std::string traces_url;  // of an OpenTelemetry collector (OTLP/HTTP); "" for none
  base::Level log_level = base::Level::kInfo;

  /// The tenant's entry, or nullptr.
  [[nodiscard]] const TenantConfig* find_tenant(std::string_view name) const;
};

/// Reads and checks a file. The error's message holds every problem found, one a line, each as
/// "file:line: what; how to fix".
/// Errors: kNotFound, kIo, kTooLarge (kConfigBytesMax), kInvalidArgument.
base::Result<Config> load_config(const std::string& path);

/// The same for text already read; `path` names it in errors and is what relative paths start from.
base::Result<Config> parse_config(std::string_view text, const std::string& path);

/// Loopback listener, no cloud, no upstream; with `model_file` one local model, served as target
/// "device/<file name without .gguf>". Errors: kInvalidArgument (the name is unusable).
base::Result<Config> default_config(const std::string& model_file = {});

inline constexpr std::size_t kConfigBytesMax = std::size_t{1} << 20;

}  // namespace nearside::gateway
