using Countersign.Core;

namespace Countersign.Gates.Mcp;

/// <summary>
/// Turns a ticket into a session id and back. An id made by anybody else does not open; one that opens still belongs
/// to its principal only.
/// </summary>
internal sealed class SessionSeal(ReadOnlyMemory<byte> key, FillRandom random) : IDisposable
{
    private readonly SealedBox _box = new(key, random, "countersign-mcp-session-v1");

    public string Seal(SessionTicket ticket) => _box.Seal(ticket.ToBytes());

    /// <summary>The ticket in an id; <c>null</c> when it was not sealed with this key.</summary>
    public SessionTicket? Open(string id) => _box.Open(id) is { } plain ? SessionTicket.Read(plain) : null;

    public void Dispose() => _box.Dispose();
}
