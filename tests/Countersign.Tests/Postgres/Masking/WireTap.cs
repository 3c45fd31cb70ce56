using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;
using Countersign.Gates.Postgres.Wire;
using Countersign.Tests.Postgres.Support;
using Countersign.Tests.Postgres.Wire;
using Countersign.Tests.Postgres.Wire.Login;
using Npgsql;

namespace Countersign.Tests.Postgres.Masking;

/// <summary>An agent's connection of which every byte that the gate sends is kept.</summary>
internal sealed class WireTap : IAsyncDisposable
{
    private readonly TcpClient _socket = new();
    private readonly MemoryStream _heard = new();

    private Stream Stream => _socket.GetStream();

    /// <summary>Everything since it was last asked for.</summary>
    public byte[] TakeHeard()
    {
        var heard = _heard.ToArray();
        _heard.SetLength(0);
        return heard;
    }

    public static async Task<WireTap> OpenAsync(PostgresHost host)
    {
        var tap = new WireTap();
        var gate = new NpgsqlConnectionStringBuilder(host.Agent);
        await tap._socket.ConnectAsync(gate.Host!, gate.Port, TestContext.Current.CancellationToken);
        await RawClient.ScramAsync(tap.Stream, "bot", PostgresHost.Token, PostgresHost.Orders.Value);
        return tap;
    }

    public async Task SendAsync(params Action<WireWriter>[] messages) => await Stream.WriteAsync(
        (byte[])[.. messages.SelectMany(Bytes.Of)], TestContext.Current.CancellationToken);

    /// <summary>A simple query, and all of its answer.</summary>
    public async Task<IReadOnlyList<WireMessage>> QueryAsync(string text)
    {
        await SendAsync(to => to.WriteQuery(Encoding.UTF8.GetBytes(text)));
        return await AnswerAsync();
    }

    /// <summary>The same by the extended protocol, without asking what the columns are.</summary>
    public async Task<IReadOnlyList<WireMessage>> ExtendedAsync(
        string text, bool isBinary, int maxRows = 0, int executions = 1)
    {
        List<Action<WireWriter>> messages = [to => to.WriteParse([], Encoding.UTF8.GetBytes(text), [])];
        for (var i = 0; i < executions; i++)
        {
            messages.Add(to => Bind(to, isBinary));
            messages.AddRange(Enumerable.Repeat<Action<WireWriter>>(
                to => to.WriteExecute([], maxRows), maxRows > 0 ? 3 : 1));
        }

        await SendAsync([.. messages, to => to.WriteSync()]);
        return await AnswerAsync();
    }

    /// <summary>What came up to ReadyForQuery, or to the end of the connection.</summary>
    public async Task<IReadOnlyList<WireMessage>> AnswerAsync()
    {
        var answer = new List<WireMessage>();
        while (answer is not [.., { Type: BackendMessage.ReadyForQuery }])
        {
            if (await ReadAsync() is not { } message)
            {
                break;
            }

            answer.Add(message);
        }

        return answer;
    }

    /// <summary>The next message; <c>null</c> at the end of the connection.</summary>
    public async Task<WireMessage?> ReadAsync()
    {
        var head = new byte[MessageHead.Size];
        try
        {
            await Stream.ReadExactlyAsync(head, TestContext.Current.CancellationToken);
            var body = new byte[BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(1)) - sizeof(int)];
            await Stream.ReadExactlyAsync(body, TestContext.Current.CancellationToken);
            _heard.Write(head);
            _heard.Write(body);
            return new WireMessage(head[0], (byte[])[.. head, .. body]);
        }
        catch (IOException)
        {
            return null;
        }
    }

    public ValueTask DisposeAsync()
    {
        _socket.Dispose();
        _heard.Dispose();
        return default;
    }

    /// <summary>Without parameters; one format for all results.</summary>
    public static void Bind(WireWriter to, bool isBinary)
    {
        to.Begin(FrontendMessage.Bind);
        to.String("");
        to.String("");
        to.Int16(0);
        to.Int16(0);
        to.Int16(1);
        to.Int16((short)(isBinary ? 1 : 0));
        to.End();
    }
}
