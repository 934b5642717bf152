public import Logging

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Writes one line for each event: time, level, message, then the metadata.
public struct StructuredLogHandler: LogHandler {
    /// Names that come first, in this order; the others follow by name.
    private static let order = [
        "id", "method", "route", "repo", "file", "path", "status", "bytes", "duration_ms", "ttfb_ms", "outcome",
        "cause",
        "client", "agent", "trace", "upstream_id",
    ]
    private static let ranks = Dictionary(uniqueKeysWithValues: order.enumerated().map { ($1, $0) })

    public var metadata: Logger.Metadata = [:]
    public var metadataProvider: Logger.MetadataProvider?
    /// The level of this logger alone; `nil` takes the common one.
    private var ownLevel: Logger.Level?

    private let format: LogFormat
    private let level: @Sendable () -> Logger.Level
    private let now: @Sendable () -> Date
    private let write: @Sendable (String) -> Void

    /// Logs what is at least `level`, which may change; `write` gets whole lines, perhaps from several threads.
    public init(
        _ format: LogFormat,
        level: @escaping @Sendable () -> Logger.Level,
        write: @escaping @Sendable (String) -> Void
    ) {
        self.init(format, level: level, now: { Date() }, write: write)
    }

    init(
        _ format: LogFormat,
        level: @escaping @Sendable () -> Logger.Level,
        now: @escaping @Sendable () -> Date,
        write: @escaping @Sendable (String) -> Void
    ) {
        self.format = format
        self.level = level
        self.now = now
        self.write = write
    }

    public var logLevel: Logger.Level {
        get { ownLevel ?? level() }
        set { ownLevel = newValue }
    }

    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    public func log(event: LogEvent) {
        var fields = metadata
        if let provided = metadataProvider?.get() { fields.merge(provided) { $1 } }
        if let own = event.metadata { fields.merge(own) { $1 } }
        if let error = event.error { fields["cause"] = "\(error)" }
        var line = LogLine()
        line.append("ts", .text(now().formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))))
        line.append("level", .text(event.level.rawValue))
        line.append("msg", .text(event.message.description))
        for (name, value) in fields.sorted(by: { Self.isBefore($0.key, $1.key) }) {
            line.append(name, LogLine.Value(value))
        }
        write(line.text(format))
    }

    private static func isBefore(_ left: String, _ right: String) -> Bool {
        let ranks = (ranks[left] ?? order.count, ranks[right] ?? order.count)
        return ranks.0 == ranks.1 ? left < right : ranks.0 < ranks.1
    }
}

extension LogLine.Value {
    init(_ value: Logger.MetadataValue) {
        switch value {
        case .stringConvertible(let number as any BinaryInteger): self = .literal("\(number)")
        case .stringConvertible(let truth as Bool): self = .literal("\(truth)")
        case .string(let text): self = .text(text)
        default: self = .text("\(value)")
        }
    }
}
