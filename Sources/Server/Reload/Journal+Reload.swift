import OstiaryJournal

extension Journal {
    /// The most faults of one reload that are written down; the one who asked has all of them.
    private static let mostFaults = 20

    /// Says what became of a reload.
    func tell(_ report: ReloadReport, isDryRun: Bool) {
        let generation = "\(report.generation)"
        switch report.outcome {
        case .good: break
        case .applied:
            event(
                .info,
                "the configuration was reloaded",
                [
                    "generation": generation, "digest": report.digest, "changed": "\(report.changedCount)",
                    "keys": report.changed.prefix(Self.mostFaults).joined(separator: " "),
                ]
            )
            for key in report.waiting {
                event(.warning, "a key takes effect after a restart only", ["key": key])
            }
        case .refused:
            event(
                .error,
                "the configuration has faults and nothing has changed",
                ["generation": generation, "faults": "\(report.faults.count)"]
            )
            for fault in report.faults.prefix(Self.mostFaults) {
                event(.error, "a fault of the configuration", ["about": fault.description, "hint": fault.hint ?? ""])
            }
        case .failed, .turnedAway:
            event(
                .error,
                "the configuration was not reloaded and nothing has changed",
                ["generation": generation, "reason": report.reason ?? "", "hint": report.hint ?? ""]
            )
        }
    }
}
