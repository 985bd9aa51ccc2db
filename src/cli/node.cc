#include "cli/node.h"

#include <algorithm>
#include <random>
#include <thread>
#include <utility>
#include <variant>

#include <fcntl.h>
#include <fmt/format.h>

#include "base/memory.h"
#include "base/unique_fd.h"
#include "cli/kernel_choice.h"
#include "cli/verified_model.h"
#include "gateway/price_books.h"
#include "gateway/quota_redis.h"
#include "package/content_kind.h"
#include "upstream/backend.h"

namespace nearside::cli {
namespace {

using base::Code;
using base::fail;

std::uint64_t random_seed() {
  std::random_device device;
  return (std::uint64_t{device()} << 32U) | device();
}

std::size_t threads_of(const gateway::ModelConfig& config) {
  return config.threads != 0 ? config.threads
                             : std::max<std::size_t>(1, std::thread::hardware_concurrency());
}

/// Two models with the same identity are the same worker.
std::string identity(const gateway::ModelConfig& config) {
  std::string out =
      fmt::format("{}\n{}\n{}\n{}\n{}\n{} {} {} {} {} {} {}\n{}", config.name, config.file,
                  config.sealed.envelope, config.sealed.key_file, config.sealed.tpm,
                  config.context_tokens, threads_of(config), config.sequences,
                  config.prefix_cache_tokens, config.share_prefixes_between_tenants,
                  config.keep_alive.count(), config.kv_cache, config.draft_file);
  for (const gateway::AdapterConfig& adapter : config.adapters)
    out += fmt::format("\n{}\n{}", adapter.name, adapter.file);
  return out;
}

/// A local model as one of its adapters has it.
class AdaptedModel final : public chat::Backend {
 public:
  AdaptedModel(std::shared_ptr<worker::LocalModel> model, std::string adapter)
      : model_(std::move(model)), adapter_(std::move(adapter)) {}

  [[nodiscard]] std::unique_ptr<chat::Call> start(chat::Request request, chat::Sink sink) override {
    request.adapters = {{.name = adapter_, .scale = 1.0F}};
    return model_->start(std::move(request), std::move(sink));
  }

 private:
  const std::shared_ptr<worker::LocalModel> model_;
  const std::string adapter_;
};

std::optional<std::string> down_why(const worker::LocalModel& model) {
  const worker::Snapshot now = model.snapshot();
  if (now.takes_calls) return std::nullopt;
  return now.error ? fmt::format("the worker is {}: {}", worker::state_name(now.state),
                                 now.error->message)
                   : fmt::format("the worker is {}", worker::state_name(now.state));
}

http::ServerOptions server_options(const gateway::ListenAddress& address,
                                   const gateway::LimitsConfig& limits,
                                   std::shared_ptr<http::Loops> loops,
                                   std::shared_ptr<const http::Tls> tls) {
  http::ServerOptions options;
  options.loops = std::move(loops);
  options.tls = std::move(tls);
  options.address = address.host;
  options.port = address.port;
  options.body_bytes_max = limits.body_bytes_max;
  options.connections_max = limits.connections_max;
  options.header_timeout = limits.header_timeout;
  options.idle_timeout = limits.idle_timeout;
  options.write_stall_timeout = limits.write_timeout;
  return options;
}

std::string text_of(const std::vector<gateway::ListenAddress>& listen) {
  std::string text;
  for (const gateway::ListenAddress& address : listen) text += address.text() + " ";
  return text;
}

/// A node does not start on what cannot be a model: its worker would say so later, to the log. What
/// is in a model is for the worker alone to read.
base::Status check_is_model(const gateway::ModelConfig& config) {
  const base::UniqueFd file(::open(config.file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file.valid()) return {};  // whoever opens it says why
  const package::Content content = TRY(package::content_of_file(file));
  if (content.kind == package::ContentKind::kWeights) return {};
  return base::fail(base::Code::kInvalidArgument, "model {}: {} is {}, not a model in GGUF",
                    config.name, config.file, content.what);
}

}  // namespace

Node::Node(base::Level level, worker::WorkerStarter* starter)
    : log_(level),
      starter_(starter),
      decision_ids_(clock_, random_seed()),
      memory_key_{random_seed(), random_seed()},
      loops_(std::make_shared<http::Loops>(http::Loops::threads_of_this_machine())),
      client_(http::Client::create({.loops = loops_})) {}

base::Result<std::unique_ptr<Node>> Node::start(gateway::Config config,
                                                std::function<void()> ask_for_reload,
                                                worker::WorkerStarter* starter) {
  std::unique_ptr<Node> node(new Node(config.log_level, starter));
  TRY(node->open_audit(config.audit));
  const std::string file = config.file;
  if (base::Status serving = node->serve(std::move(config), std::move(ask_for_reload)); !serving) {
    node->refuse(file, serving.error());
    return std::move(serving).error();
  }
  // Compiling the labels' patterns takes megabytes of heap and of code, once.
  base::give_back_memory();
  return node;
}

base::Status Node::open_audit(const gateway::AuditConfig& config) {
  audit_config_ = config;
  if (config.file.empty()) return {};
  audit_ =
      TRY(telemetry::Audit::open({.file = config.file, .key_file = config.key_file}, clock_, log_));
  return {};
}

void Node::refuse(const std::string& file, const base::Error& error) {
  if (audit_) audit_->note("configuration_refused", {{"file", file}, {"why", error.message}});
}

base::Status Node::verify_models(const gateway::Config& config) {
  const std::vector<package::Signer> signers = TRY(read_signers(config.packages.signers));
  const auto verify = [&](const std::string& name, const std::string& file) -> base::Status {
    auto signer = verify_model_file(file, signers);
    if (audit_)
      audit_->note(signer ? "package_verified" : "package_refused",
                   {{"model", name},
                    {"file", file},
                    {signer ? "signer" : "why", signer ? *signer : signer.error().message}});
    if (!signer) return std::move(signer).error();
    return {};
  };
  for (const gateway::ModelConfig& model : config.models) {
    TRY(verify(model.name, model.file));
    for (const gateway::AdapterConfig& adapter : model.adapters)
      TRY(verify(adapter.name, adapter.file));
    if (!model.draft_file.empty()) TRY(verify(model.name, model.draft_file));
  }
  return {};
}

base::Status Node::serve(gateway::Config config, std::function<void()> ask_for_reload) {
  if (config.tls) tls_ = TRY(http::Tls::open(*config.tls));
  for (const gateway::ListenAddress& address : config.listen)
    if (config.auth.anonymous() && !address.loopback())
      return fail(Code::kInvalidArgument,
                  "refusing to listen on {} without API keys: configure auth.keys, or listen on "
                  "127.0.0.1",
                  address.text());
  ledger_file_ = config.ledger.file;
  listen_ = config.listen;
  ledger_ = TRY(telemetry::Ledger::open(ledger_file_, {.sync = config.ledger.sync}, log_));
  if (const auto interrupted = ledger_->interrupted_count(); interrupted > 0)
    log_.warn("serve", "{} requests were under way when this node last ended; the ledger says so",
              interrupted);
  TRY(open_quotas(config.quota_store));
  TRY(open_learning(config));
  if (!config.traces_url.empty())
    traces_ = telemetry::Traces::open({.url = config.traces_url, .node_name = config.node.name},
                                      *client_, log_);
  taints_ = std::make_unique<policy::TaintMemory>(memory_key_, config.memory.conversations);
  Models models;
  auto snapshot = TRY(assemble(std::move(config), models));
  models_ = std::move(models);
  comparisons_ = std::make_unique<gateway::Comparisons>(
      gateway::Comparisons::Parts{clock_, log_, *ledger_, metrics_, decision_ids_, *quotas_,
                                  feedback_.get()},
      random_seed());
  gateway_ = std::make_unique<gateway::Gateway>(
      gateway::Services{clock_, log_, *ledger_, metrics_, decision_ids_, alarms_, gate_, *quotas_,
                        retries_, logprob_budgets_, traces_.get(), &cache_, quality_.get(),
                        feedback_.get(), taints_.get(), &tools_, audit_.get(),
                        std::move(ask_for_reload), comparisons_.get()},
      snapshot);
  TRY(listen(snapshot->config));
  if (tls_) log_.info("serve", "the certificate is {}", tls_->description());
  if (!audit_) return {};
  const std::string addresses = text_of(listen_);
  return audit_->write("node_started", {{"node", snapshot->config.node.name},
                                        {"file", snapshot->config.file},
                                        {"sha256", snapshot->config.digest},
                                        {"listen", addresses},
                                        {"certificate", tls_ ? tls_->description() : ""}});
}

base::Status Node::open_learning(const gateway::Config& config) {
  if (config.quality.any()) quality_ = TRY(gateway::LearnedQuality::open(config.quality));
  if (!config.feedback.file.empty())
    feedback_ = TRY(gateway::Feedback::open(config.feedback, config.quality.save_every, *ledger_,
                                            quality_.get(), clock_, log_));
  return {};
}

base::Status Node::open_quotas(const gateway::QuotaStoreConfig& config) {
  if (config.redis.empty()) {
    quotas_ = std::make_unique<gateway::LocalQuotaStore>();
    return {};
  }
  const gateway::ListenAddress address = TRY(gateway::parse_listen(config.redis));
  store::RedisOptions options;
  options.host = address.host;
  options.port = address.port;
  auto password = upstream::load_key(config.password_env, config.password_file);
  if (!password) return std::move(password).error().with_context("quota_store");
  options.password = password->reveal();
  quotas_ = gateway::make_redis_quota_store(
      std::move(options),
      config.refuse_when_down ? gateway::QuotaFallback::kRefuse : gateway::QuotaFallback::kLocal,
      log_);
  return {};
}

base::Status Node::listen(const gateway::Config& config) {
  for (const gateway::ListenAddress& address : config.listen)
    servers_.push_back(TRY(http::Server::start(server_options(address, config.limits, loops_, tls_),
                                               *gateway_, log_)));
  return {};
}

std::vector<std::string> Node::addresses() const {
  std::vector<std::string> all;
  for (const auto& server : servers_) all.push_back(server->address());
  return all;
}

base::Status Node::reload(gateway::Config config) {
  const std::string file = config.file;
  const std::string digest = config.digest;
  base::Status applied = apply(std::move(config));
  if (!applied) {
    refuse(file, applied.error());
  } else if (audit_) {
    TRY(audit_->write(
        "configuration_loaded",
        {{"file", file}, {"sha256", digest}, {"certificate", tls_ ? tls_->description() : ""}}));
  }
  return applied;
}

base::Status Node::apply(gateway::Config config) {
  if (config.audit.file != audit_config_.file || config.audit.key_file != audit_config_.key_file)
    log_.warn("serve", "the audit log stays as it is; another file or key needs a restart");
  if (config.tls.has_value() != (tls_ != nullptr) ||
      (tls_ &&
       (config.tls->certificate_file != tls_->files().certificate_file ||
        config.tls->key_file != tls_->files().key_file ||
        config.tls->client_ca_file != tls_->files().client_ca_file ||
        config.tls->client_certificate_required != tls_->files().client_certificate_required)))
    log_.warn("serve", "tls stays as it is; other files need a restart, new content does not");
  if (tls_) TRY(tls_->reload());
  if (config.ledger.file != ledger_file_)
    log_.warn("serve", "the ledger stays {}; another file needs a restart", ledger_file_);
  if (text_of(config.listen) != text_of(listen_))
    log_.warn("serve", "still listening on {}; other addresses need a restart", text_of(listen_));
  // Whoever came in by an address that is open to others must still show a key.
  config.listen = listen_;
  const bool open_to_others = std::any_of(listen_.begin(), listen_.end(),
                                          [](const auto& address) { return !address.loopback(); });
  if (open_to_others && config.auth.anonymous())
    return fail(Code::kInvalidArgument, "auth.keys is empty, but this node listens on {}",
                text_of(listen_));
  Models models;
  auto snapshot = TRY(assemble(std::move(config), models));
  for (auto& [key, model] : models_)
    if (!models.contains(key)) retired_.push_back(std::move(model));
  models_ = std::move(models);
  gateway_->replace(std::move(snapshot));
  sweep();
  base::give_back_memory();  // as after start
  return {};
}

void Node::sweep() {
  if (tls_) {
    const base::Result<bool> taken = tls_->reload_if_changed();
    if (!taken) {
      log_.error("serve", "keeping the certificate as it was: {}", taken.error().message);
      if (audit_) audit_->note("certificate_refused", {{"why", taken.error().message}});
    } else if (*taken) {
      log_.info("serve", "the certificate is {} now", tls_->description());
      if (audit_) audit_->note("certificate_loaded", {{"certificate", tls_->description()}});
    }
  }
  std::erase_if(retired_, [](const auto& model) { return model.use_count() == 1; });
}

bool Node::drain(std::chrono::milliseconds patience) {
  gateway_->begin_drain();
  if (audit_) audit_->note("node_stopping", {});
  const base::SteadyTime until = clock_.steady() + patience;
  bool all_finished = true;
  for (const auto& server : servers_) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(until - clock_.steady());
    all_finished = server->drain(std::max(left, std::chrono::milliseconds(0))) && all_finished;
  }
  return all_finished;
}

base::Result<std::shared_ptr<const gateway::Snapshot>> Node::assemble(gateway::Config config,
                                                                      Models& models) {
  if (residency_ == nullptr && models_.empty() && config.limits.model_memory_bytes > 0)
    residency_ = std::make_unique<worker::Residency>(config.limits.model_memory_bytes);
  TRY(gateway::load_prices(config, clock_.wall()));
  std::vector<gateway::Reach> reach;
  if (config.packages.verified_only) TRY(verify_models(config));
  for (const gateway::ModelConfig& model : config.models) TRY(check_is_model(model));
  for (std::size_t i = 0; i < config.reach.size(); ++i) {
    const std::string& target = config.policy.targets[i].name;
    if (const auto* local = std::get_if<gateway::LocalModel>(&config.reach[i]))
      reach.push_back(TRY(reach_local(config.models[local->model_index], local->adapter, models)));
    else
      reach.push_back(
          TRY(reach_upstream(std::get<gateway::UpstreamConfig>(config.reach[i]), target)));
  }
  policy::Labeler labeler =
      TRY(policy::Labeler::create(config.labels, {memory_key_, config.memory.texts_bytes_max}));
  gateway::Templates templates = TRY(gateway::Templates::open(config.templates));
  std::shared_ptr<const gateway::ShadowPolicy> shadow;
  if (!config.shadow_file.empty())
    shadow = TRY(gateway::ShadowPolicy::load(config.shadow_file, config.policy, clock_.wall()));
  auto snapshot = std::make_shared<gateway::Snapshot>(std::move(config), std::move(labeler),
                                                      std::move(reach), std::move(templates));
  snapshot->shadow = std::move(shadow);
  return std::shared_ptr<const gateway::Snapshot>(std::move(snapshot));
}

base::Result<gateway::Reach> Node::reach_local(const gateway::ModelConfig& config,
                                               const std::string& adapter, Models& models) {
  const std::string key = identity(config);
  std::shared_ptr<worker::LocalModel>& model = models[key];
  if (const auto known = models_.find(key); !model && known != models_.end()) model = known->second;
  if (!model) {
    worker::LocalModelOptions options;
    options.name = config.name;
    options.file = config.file;
    options.key = {config.sealed.envelope, config.sealed.key_file, config.sealed.tpm};
    options.engine.threads = threads_of(config);
    options.engine.context_tokens_max = config.context_tokens;
    options.engine.sequences_max = config.sequences;
    options.engine.prefix_cache_tokens = config.prefix_cache_tokens;
    options.engine.share_prefixes_between_tenants = config.share_prefixes_between_tenants;
    if (config.kv_cache == "q8_0") options.engine.cache_type = engine::CacheType::kQ8_0;
    for (const gateway::AdapterConfig& one : config.adapters)
      options.adapters.push_back({one.name, one.file});
    options.draft_file = config.draft_file;
    options.residency = residency_.get();
    options.starter = starter_;
    options.keep_alive = config.keep_alive;
    options.engine.kernels = TRY(chosen_kernels());
    model = TRY(worker::LocalModel::open(std::move(options), clock_, log_));
  }
  std::shared_ptr<chat::Backend> backend = model;
  if (!adapter.empty()) backend = std::make_shared<AdaptedModel>(model, adapter);
  return gateway::Reach{std::move(backend), [model] { return down_why(*model); }};
}

base::Result<gateway::Reach> Node::reach_upstream(const gateway::UpstreamConfig& config,
                                                  const std::string& target) {
  upstream::Endpoint endpoint;
  endpoint.name = target;
  endpoint.provider = config.provider;
  endpoint.url = config.url;
  endpoint.model = config.model;
  auto secret = upstream::load_key(config.key_env, config.key_file);
  if (!secret) return std::move(secret).error().with_context("target " + target);
  endpoint.key = *std::move(secret);
  endpoint.timeouts = {.connect = config.connect_timeout,
                       .first_byte = config.first_token_timeout,
                       .stall = config.stall_timeout,
                       .total = config.total_timeout};
  endpoint.calls_max = config.concurrent_requests_max;
  endpoint.tls = {.ca_file = config.ca_file,
                  .ca_only = config.ca_only,
                  .certificate_file = config.certificate_file,
                  .key_file = config.certificate_key_file,
                  .pinned_key = config.pinned_key};
  endpoint.api_version = config.api_version;
  endpoint.region = config.aws_region;
  endpoint.continues = upstream::parse_continues(config.continues);
  const std::shared_ptr<upstream::Upstream> server =
      TRY(upstream::Upstream::create(std::move(endpoint), *client_, clock_, log_));
  return gateway::Reach{server, [server] { return server->down_why(); }};
}

}  // namespace nearside::cli
