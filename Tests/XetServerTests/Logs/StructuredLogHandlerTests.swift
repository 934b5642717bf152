import FoundationEssentials
import Logging
import Synchronization
import Testing

@testable import XetServer

@Suite struct StructuredLogHandlerTests {
    private final class Lines: Sendable {
        private let stored = Mutex<[String]>([])
        func append(_ line: String) { stored.withLock { $0.append(line) } }
        var all: [String] { stored.withLock { $0 } }
    }

    private let lines = Lines()

    private func logger(_ format: LogFormat, level: @escaping @Sendable () -> Logger.Level = { .info }) -> Logger {
        Logger(label: "test") { [lines] _ in
            StructuredLogHandler(
                format,
                level: level,
                now: { Date(timeIntervalSince1970: 1_700_000_000.25) },
                write: { lines.append($0) }
            )
        }
    }

    @Test func `fields come in order, numbers as numbers`() {
        var logger = logger(.json)
        logger[metadataKey: "zone"] = "a"
        logger.info(
            "request",
            metadata: ["status": .stringConvertible(200), "id": "7", "bytes": .stringConvertible(UInt64(9)), "b": "x"]
        )
        #expect(
            lines.all == [
                #"{"ts":"2023-11-14T22:13:20.250Z","level":"info","msg":"request","id":"7","status":200,"bytes":9,"#
                    + #""b":"x","zone":"a"}"#
            ]
        )
    }

    @Test func `a message cannot begin another line`() {
        logger(.logfmt).error("a\nlevel=info", metadata: ["cause": "b\r\n"])
        #expect(
            lines.all == [
                #"ts=2023-11-14T22:13:20.250Z level=error msg="a\nlevel=info" cause="b\r\n""#
            ]
        )
    }

    @Test func `the level may change`() {
        let level = Mutex(Logger.Level.warning)
        let logger = logger(.logfmt) { level.withLock { $0 } }
        logger.info("one")
        level.withLock { $0 = .info }
        logger.info("two")
        var own = logger
        own.logLevel = .error
        own.info("three")
        #expect(lines.all.map { $0.split(separator: " ").last } == ["msg=two"])
    }
}
