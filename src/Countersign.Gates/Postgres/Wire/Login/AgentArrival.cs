using System.Net.Sockets;

namespace Countersign.Gates.Postgres.Wire.Login;

/// <summary>What a new connection turned out to be.</summary>
internal abstract record AgentArrival
{
    private AgentArrival()
    {
    }

    /// <summary>An agent proved who it is and waits for ParameterStatus, BackendKeyData and ReadyForQuery.</summary>
    public sealed record Agent(AgentConnection Connection) : AgentArrival;

    /// <summary>A CancelRequest; the connection is closed, as the protocol gives it no answer.</summary>
    public sealed record Cancel(int ProcessId, byte[] Key) : AgentArrival;

    /// <summary>It was answered as far as it could be, and is closed.</summary>
    public sealed record Refused(string SqlState, string Reason) : AgentArrival;
}

/// <summary>A connection whose agent is known.</summary>
internal sealed class AgentConnection(
    Socket socket, Stream stream, WireReader reader, WireWriter writer, AgentParameters parameters) : IAsyncDisposable
{
    public Socket Socket => socket;

    public WireReader Reader => reader;

    public WireWriter Writer => writer;

    public AgentParameters Parameters => parameters;

    /// <summary>Which of the agent's secrets it proved to have.</summary>
    public required AgentSecret Secret { get; init; }

    /// <summary>0 or 2, of protocol 3.</summary>
    public required int Minor { get; init; }

    public required bool IsEncrypted { get; init; }

    public async ValueTask DisposeAsync()
    {
        reader.Dispose();
        writer.Dispose();
        await stream.DisposeAsync();
    }
}
