import ArgumentParser
import XetConfiguration

/// How long a command waits for servers that are away.
struct RetryOptions: ParsableArguments {
    @Option(ProxySettings.retryFor) var retryFor: String?

    /// The longest outage that is waited for, as the flag or the environment has it.
    func maximumOutage() throws -> Duration {
        var given = GivenFlags()
        given.add(ProxySettings.retryFor, retryFor)
        let sources = SettingSources(flags: given.texts, environment: Environment.all, file: nil)
        return try SettingReader.reporting {
            try SettingRegistry([ProxySettings.retryFor.declaration]).resolve(sources)[ProxySettings.retryFor]
        }
    }
}
