import Logging
import XetLocal
import XetServer
import XetWire

/// What a proxy says of itself when it is ready: where it listens, for which Hub, and what it lets callers do.
struct ReadyLine {
    /// As it is bound.
    let address: String
    let hub: HTTPAddress
    /// Whether it is not asked.
    let isOffline: Bool
    let allowsAnonymous: Bool
    let allowsWrites: Bool
    /// Folder of the cache.
    let cache: String?
    let cacheByteLimit: Int?

    private var message: String { "xet proxy ready on \(address)" }

    /// Writes the line: for a person, or as JSON like those of the log.
    func write(_ format: LogFormat, to write: @escaping @Sendable (String) -> Void) {
        switch format {
        case .logfmt:
            let cache = cache.map { folder in
                let limit = cacheByteLimit.map { ", at most \(ReadableSize.text(UInt64($0)))" } ?? ""
                return "cache \(DisplayText.escaped(folder))\(limit)"
            }
            let parts = [
                "hub \(hub)\(isOffline ? " not asked: offline" : "")", "anonymous \(allowsAnonymous ? "yes" : "no")",
                "writes \(allowsWrites ? "yes" : "no")",
                cache ?? "no cache",
            ]
            write("\(message) (\(parts.joined(separator: ", ")))")
        case .json:
            var metadata: Logger.Metadata = [
                "address": "\(address)", "hub": "\(hub)", "anonymous": .stringConvertible(allowsAnonymous),
                "writes": .stringConvertible(allowsWrites),
            ]
            if isOffline { metadata["offline"] = .stringConvertible(true) }
            if let cache { metadata["cache"] = "\(cache)" }
            if let cacheByteLimit { metadata["cache_limit_bytes"] = .stringConvertible(cacheByteLimit) }
            let logger = Logger(label: "xet.proxy") { _ in
                StructuredLogHandler(format, level: { .info }, write: write)
            }
            logger.info("\(message)", metadata: metadata)
        }
    }
}
