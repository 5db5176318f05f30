/// A client's connection as its door sees it: something that can be asked to go.
protocol DoorConnection: Watched {
    var door: Door { get }
    /// Tells the client not to come again, where its protocol can say so without an answer.
    func announceEnd()
    /// Ends it if it is idle; what is being answered goes on, and nothing new is taken afterwards.
    func drain()
    /// Ends it now, in a way the client cannot take for a complete answer.
    func cutOff()
}

extension DoorConnection {
    func announceEnd() {}
}
