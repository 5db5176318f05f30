import OstiaryCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The clock, as far as this machine alone can judge it: tokens are good from one moment to another, so a clock that is
/// wrong by minutes refuses good ones.
struct ClockSight {
    let now: UnixTime
    /// A file that was changed in the past, as all were.
    let configuration: String?

    /// The start of 2026, before which this program did not exist.
    private static let beginning = 1_767_225_600.0
    /// Seconds that files of other machines may lie in the future.
    private static let slack = 60.0

    var findings: [Finding] {
        let remedy = "timedatectl set-ntp true"
        if now.seconds < Self.beginning {
            return [Finding(.clock, .system, "the clock is years behind: no token can be good yet", remedy: remedy)]
        }
        if let configuration {
            var status = stat()
            if stat(configuration, &status) == 0 {
                #if canImport(Darwin)
                    let changed = Double(status.st_mtimespec.tv_sec)
                #else
                    let changed = Double(status.st_mtim.tv_sec)
                #endif
                if changed > now.seconds + Self.slack {
                    let shown = Reading.printable(configuration, most: 256)
                    return [
                        Finding(
                            .clock,
                            .warning,
                            "\(shown) was changed in the future: the clock is behind, or was ahead then",
                            remedy: remedy
                        )
                    ]
                }
            }
        }
        return [Finding(.clock, .good, "the clock is plausible")]
    }
}
