// OCSP (RFC 6960) for whoever staples: what to ask about a certificate of ours, and whether an answer is one to show to
// clients. Pure; any thread. Fetching is the caller's.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "tls/certificate.h"

namespace fl::tls {

struct OcspStaple {
  std::shared_ptr<const std::string> der;  // for Certificate::set_staple()
  WallTime this_update, next_update;       // it is good from, and until

  // When to ask again: half of the time it is good for has passed.
  WallTime refresh_at() const { return this_update + (next_update - this_update) / 2; }
};

class OcspQuestion {
 public:
  // Errors: not_found (the certificate names no responder), invalid (its issuer is not in its chain).
  static Result<OcspQuestion> about(std::shared_ptr<const Certificate> certificate);

  // URL of the responder, as the certificate names it (RFC 5280 4.2.2.1).
  const std::string& responder() const { return responder_; }
  // The request's DER. Without a nonce: responders sign their answers ahead (RFC 5019).
  const std::string& der() const { return der_; }

  // An answer, DER, is good when the certificate's issuer, or who it appointed, has signed it, it is about this very
  // certificate, says that this is good, and is neither too old nor from the future. Errors: unavailable (the responder
  // cannot say for now), denied (the certificate is revoked), invalid (anything else).
  Result<OcspStaple> check(std::string_view answer, WallTime now) const;

 private:
  std::shared_ptr<const Certificate> certificate_;
  std::string responder_, der_;
};

}  // namespace fl::tls
