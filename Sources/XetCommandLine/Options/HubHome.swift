import XetLocal

/// Where the official client keeps what is the user's, by the environment that it reads too.
enum HubHome {
    /// `HF_HOME`, else a folder of the user's cache; `nil` if nothing leads to one.
    static var path: String? {
        if let home = Environment["HF_HOME"] { return home }
        let cache = Environment["XDG_CACHE_HOME"] ?? Environment["HOME"].map { $0 + "/.cache" }
        return cache.map { $0 + "/huggingface" }
    }

    /// Where it keeps files: `HF_HUB_CACHE`, else below ``path``; `nil` if nothing leads there.
    static var files: LocalPath? {
        if let path = Environment["HF_HUB_CACHE"] ?? Environment["HUGGINGFACE_HUB_CACHE"] { return LocalPath(path) }
        return path.map { LocalPath($0 + "/hub") }
    }

    /// Where this program keeps what it remembers of uploads; `nil` if nothing leads there.
    static var own: LocalPath? {
        let cache = Environment["XDG_CACHE_HOME"] ?? Environment["HOME"].map { $0 + "/.cache" }
        return cache.map { LocalPath($0 + "/xet") }
    }
}
