import ArgumentParser
import FoundationEssentials
import XetAccess

/// The user's own token, found where the official client keeps it.
enum StoredToken {
    /// `HF_TOKEN`, else the file that `HF_TOKEN_PATH`, `HF_HOME` or `XDG_CACHE_HOME` lead to; `nil` if there is none.
    static func find() throws -> HubToken? {
        let stored = path.flatMap { try? String(contentsOfFile: $0, encoding: .utf8) }
        guard let text = Environment["HF_TOKEN"] ?? stored else { return nil }
        let trimmed = text.filter { !$0.isWhitespace }
        if trimmed.isEmpty { return nil }
        guard let token = HubToken(trimmed) else {
            throw ValidationError("The Hub token (HF_TOKEN or \(path ?? "a file")) cannot stand in a header.")
        }
        return token
    }

    private static var path: String? {
        if let path = Environment["HF_TOKEN_PATH"] { return path }
        return HubHome.path.map { $0 + "/token" }
    }
}
