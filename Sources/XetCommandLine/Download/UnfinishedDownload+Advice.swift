import XetLocal

extension UnfinishedDownload {
    /// What the person at the shell can do about it.
    var advice: String {
        "\(ReadableSize.text(byteCount)) are kept in \(partial); run the same command again to go on from there"
    }
}

extension UnfinishedRepository {
    /// What the person at the shell can do about it.
    var advice: String {
        "\(doneCount) of \(fileCount) files are in \(folder), and parts of others; run the same command again to go on from there"
    }
}
