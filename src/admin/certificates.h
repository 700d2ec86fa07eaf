// The certificates of a RuntimeReport as Traefik's API lists and shows them; the generated default one is not among
// them. Pure; any thread.
#pragma once

#include <string_view>
#include <vector>

#include "admin/list_query.h"
#include "base/json.h"
#include "base/time.h"
#include "proxy/runtime_report.h"
#include "tls/certificate.h"

namespace fl::admin {

// Those the query asks for, in its order. They live as long as the report.
std::vector<const tls::CertificateFacts*> list_certificates(const proxy::RuntimeReport& report, const ListQuery& query,
                                                            WallTime now);
// By its fingerprint; null when there is none.
const tls::CertificateFacts* find_certificate(const proxy::RuntimeReport& report, std::string_view fingerprint);

json::Value encode_certificate(const tls::CertificateFacts& certificate, WallTime now);

// {"total","warnings","errors"} of /api/overview: expired ones are errors, those of the next 30 days warnings.
json::Value count_certificates(const proxy::RuntimeReport& report, WallTime now);

}  // namespace fl::admin
