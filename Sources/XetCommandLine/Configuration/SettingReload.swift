import Logging
import XetConfiguration
import XetProxy
import XetServer

/// Reads the settings of a running proxy again, and puts those in place that may change.
struct SettingReload: Sendable {
    let reader: SettingReader
    /// What the proxy was started with.
    let first: ResolvedSettings
    /// Where the proxy looks.
    let target: ReloadableSettings
    let logger: Logger

    /// Nothing changes if anything is wrong.
    func run() {
        do {
            let settings = try reader.read()
            target.replace(with: ProxySetup.reloadable(settings))
            let fixed = first.differences(from: settings).filter { !$0.isReloadable }.map(\.name)
            if !fixed.isEmpty {
                let names = fixed.joined(separator: ", ")
                logger.warning("changed, but only a restart puts it in place: \(names)")
            }
            logger.notice("options were read again")
        } catch {
            for problem in error.problems {
                logger.error("options stay as they were", metadata: ["cause": "\(problem)"])
            }
        }
    }
}
