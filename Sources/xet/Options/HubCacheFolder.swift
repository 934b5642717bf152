import XetLocal

/// Where the official client keeps files, by the environment that it reads too.
enum HubCacheFolder {
    /// `HF_HUB_CACHE`, else below `HF_HOME`, else below the user's cache.
    static var path: LocalPath {
        if let path = Environment["HF_HUB_CACHE"] ?? Environment["HUGGINGFACE_HUB_CACHE"] { return LocalPath(path) }
        if let home = Environment["HF_HOME"] { return LocalPath(home + "/hub") }
        let cache = Environment["XDG_CACHE_HOME"] ?? (Environment["HOME"] ?? ".") + "/.cache"
        return LocalPath(cache + "/huggingface/hub")
    }
}
