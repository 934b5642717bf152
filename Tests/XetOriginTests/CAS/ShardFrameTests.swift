import NIOCore
import Testing

@testable import XetOrigin

@Suite struct ShardFrameTests {
    @Test func `is one line of JSON`() {
        #expect(
            String(buffer: ShardFrame.validating(verified: 3, total: 10).line)
                == #"{"total":10,"type":"validating","verified":3}"# + "\n"
        )
        #expect(String(buffer: ShardFrame.result.line) == #"{"type":"result"}"# + "\n")
        #expect(
            String(buffer: ShardFrame.error("a\nb", retryable: true).line)
                == #"{"message":"a\nb","retryable":true,"type":"error"}"# + "\n"
        )
    }
}
