# cmake -DINPUT=page.html -DOUTPUT=page.cc -DNAME=kPage -P embed_web.cmake: a file as a std::string_view of fl::admin.
file(READ "${INPUT}" text)
if(text MATCHES "\\)fl-web\"")
  message(FATAL_ERROR "${INPUT} holds the text that ends the literal")
endif()
file(WRITE "${OUTPUT}" "// Made from ${INPUT} by tools/embed_web.cmake.
#include <string_view>

namespace fl::admin {
extern const std::string_view ${NAME};
const std::string_view ${NAME} = R\"fl-web(${text})fl-web\";
}  // namespace fl::admin
")
