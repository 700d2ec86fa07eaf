// Any text as an agent message: what can be read is the same after writing and reading it again.
#include <cstdlib>
#include <string>

#include "ecs/agent_protocol.h"

namespace {

using namespace fl::ecs::agent;

template <class Message>
void check(const Envelope& envelope) {
  Message message;
  if (!decode(envelope.message, message)) return;
  const auto again = parse_envelope(to_text(message));
  if (!again || again->type != Message::kType) std::abort();
  Message second;
  if (!decode(again->message, second) || second != message) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const TelemetryText text = split_telemetry({reinterpret_cast<const char*>(data), size});
  const auto envelope = parse_envelope(text.body);
  if (!envelope) return 0;
  // Whatever its type says: the decoders must stand any of them.
  check<PayloadMessage>(*envelope);
  check<HeartbeatMessage>(*envelope);
  check<IamRoleCredentialsMessage>(*envelope);
  check<TaskManifestMessage>(*envelope);
  check<TaskStopVerificationMessage>(*envelope);
  check<TaskStopVerificationAck>(*envelope);
  check<AckRequest>(*envelope);
  check<IamRoleCredentialsAckRequest>(*envelope);
  check<PublishHealthRequest>(*envelope);
  check<PublishInstanceStatusRequest>(*envelope);
  return 0;
}
