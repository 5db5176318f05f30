import OstiaryCore
import OstiaryJournal
import OstiaryModels
import OstiaryPurse
import OstiaryVault
import OstiaryWire

/// Makes rooms from a configuration: from nothing at start, and at a reload from the rooms before, of which everything
/// stays that the configuration says nothing new about.
///
/// Making rooms changes nothing that is in use, so it may fail at any point and be given up (`Reloading` puts them in force).
struct Furnishing {
    /// What is the same for the life of the process.
    struct Site: Sendable {
        let mode: Configuration.Mode
        let variables: Variables
        let clock: any GateClock
        let crew: Crew
        let mint: DevelopmentMint?
        /// The memory that bodies may take until their model is known.
        let held: HeldBodies
        /// Who knows the addresses of providers and key sets.
        let book: AddressBook
        let journal: Journal
        /// What keeps keys fresh.
        let lending: LendingEngine
        /// Whether the store of keys is closed by an operator's word.
        let seal = Seal()
        /// Who gives the gate's owner tokens.
        let owner = OwnerMint()
        /// How many sets of rooms there are.
        let roomsInUse = Gauge()
    }

    let site: Site
    let configuration: Configuration
    /// The rooms before.
    let former: Rooms?
    /// What the operator should know.
    private(set) var remarks: [Remark] = []

    init(_ site: Site, _ configuration: Configuration, after former: Rooms? = nil) {
        self.site = site
        self.configuration = configuration
        self.former = former
    }

    /// The configuration before, where there was one.
    var before: Configuration? { former?.generation.configuration }

    mutating func remark(_ sentence: StaticString, _ fields: KeyValuePairs<StaticString, String> = [:]) {
        remarks.append(Remark(sentence, fields))
    }

    /// - Parameter waiting: the keys that take effect after a restart only.
    /// - Throws: the first thing that cannot be had, in a sentence for the operator.
    mutating func rooms(waiting: [String] = []) throws(Running.Failure) -> Rooms {
        if let file = configuration.daemon.inherited, before?.daemon.inherited != file {
            remark("the configuration is that of ct_secretsd", ["file": file])
        }
        let strongroom = try openStrongroom()
        let vault = try openVault(strongroom.store)
        let number = (former?.generation.number ?? 0) + 1
        let callers = try openIdentity()
        return Rooms(
            Generation(configuration, number: number, waiting: waiting, since: site.clock.now),
            callers: callers,
            failures: try failureLimiter(),
            charter: try charter(),
            purse: try purse(),
            usage: former?.usage ?? UsageMeter(),
            offer: try models(vault, callers.pseudonymKey),
            vault: vault,
            strongroom: strongroom,
            journal: site.journal,
            clock: site.clock,
            inUse: site.roomsInUse
        )
    }
}
