// Any bytes as the answer of an AWS service, first byte choosing protocol and status: reading an error never fails,
// decoding an answer fails or gives something.
#include <cstdint>
#include <string>

#include "aws/generated/ec2_operations.h"
#include "aws/generated/sts_operations.h"
#include "aws/protocol.h"
#include "ecs/generated/ecs_operations.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace fl;
  if (size == 0) return 0;
  const uint8_t choice = data[0];
  http::FetchResponse response;
  response.body.assign(reinterpret_cast<const char*>(data) + 1, size - 1);
  response.status = static_cast<uint16_t>(choice & 0x80 ? 500 : 400);
  switch (choice % 3) {
    case 0: {
      ecs::DescribeTasksResponse out;
      if (aws::decode_answer<ecs::op::DescribeTasks>(response.body, out)) (void)json::to_text(encode(out));
      (void)aws::read_error(ecs::WireProtocol::json, response);
      break;
    }
    case 1: {
      aws::ec2::DescribeInstancesResult out;
      (void)aws::decode_answer<aws::ec2::op::DescribeInstances>(response.body, out);
      (void)aws::read_error(ecs::WireProtocol::ec2, response);
      break;
    }
    default: {
      aws::sts::AssumeRoleResponse out;
      (void)aws::decode_answer<aws::sts::op::AssumeRole>(response.body, out);
      (void)aws::read_error(ecs::WireProtocol::query, response);
    }
  }
  return 0;
}
