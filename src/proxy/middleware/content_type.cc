#include "proxy/middleware/content_type.h"

namespace fl::proxy::middleware {

Result<HandlerPtr> make_content_type(const config::dynamic::ContentType&, HandlerPtr next) { return next; }

}  // namespace fl::proxy::middleware
