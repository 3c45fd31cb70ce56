using System.Net.Sockets;

namespace Countersign.Gates.Postgres.Wire.Login;

/// <summary>A session of a database that is ready for its first query.</summary>
internal sealed class DatabaseConnection(DatabaseTransport transport, WireReader reader, WireWriter writer)
    : IAsyncDisposable
{
    public Socket Socket => transport.Socket;

    public WireReader Reader => reader;

    public WireWriter Writer => writer;

    public bool IsEncrypted => transport.IsEncrypted;

    /// <summary>As reported until now; who reads on keeps it up to date.</summary>
    public required Dictionary<string, string> Parameters { get; init; }

    /// <summary>What the database cancels by; some servers give none.</summary>
    public required CancelKey? Key { get; init; }

    /// <summary>0 or 2, of protocol 3.</summary>
    public required int Minor { get; init; }

    public required DatabaseLoginOptions Options { get; init; }

    /// <summary>
    /// Asks the database, on a connection of its own, to stop what this one does. It may come too late.
    /// </summary>
    /// <exception cref="DatabaseLoginException">The request did not get through.</exception>
    public Task CancelAsync(CancellationToken cancellationToken) => Key is null
        ? Task.CompletedTask
        : DatabaseLogin.CancelAsync(Options, Key, IsEncrypted, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        reader.Dispose();
        writer.Dispose();
        await transport.DisposeAsync();
    }
}
