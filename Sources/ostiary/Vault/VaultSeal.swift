import ArgumentParser
import OstiaryServer

/// `ostiary vault seal`
struct VaultSeal: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "seal",
        abstract: "have a running gate forget every stored key until it is opened again",
        discussion: """
            from this moment requests to providers whose keys are stored are answered 503, and calls about stored keys 423; \
            what is under way goes on. It lasts until ostiary vault open, or until the gate ends

              ostiary vault seal --config ostiary.yaml
            """
    )

    @OptionGroup var place: AdminPlace

    @Flag(help: "tell whether the gate could do it, and do nothing")
    var dryRun = false

    func run() async throws { try await VaultOpen.turn("seal", "sealed", place, dryRun) }
}
