using System.Buffers.Binary;
using System.Text;
using Countersign.Gates.Credentials;
using Countersign.Gates.Postgres.Wire;
using Countersign.Gates.Postgres.Wire.Login;
using Npgsql;
using SslMode = Countersign.Gates.Postgres.Wire.Login.SslMode;

namespace Countersign.Tests.Postgres.Clients;

/// <summary>A connection on which queries are asked one after the other, and the messages that answer them.</summary>
internal sealed class Conversation : IAsyncDisposable
{
    private const int Most = 1_000_000;
    private const uint FirstOfUsers = 16384;

    private readonly DatabaseConnection _connection;
    private bool _owesSync;

    private Conversation(DatabaseConnection connection) => _connection = connection;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public static async Task<Conversation> OpenAsync(string connection)
    {
        var to = new NpgsqlConnectionStringBuilder(connection);
        return new Conversation(await DatabaseLogin.ConnectAsync(
            new DatabaseLoginOptions
            {
                Address = new DatabaseAddress { Host = to.Host!, Port = to.Port, SslMode = SslMode.Disable },
                Database = to.Database!,
                User = to.Username!,
                Password = new Secret(to.Password!),
            },
            Cancelled));
    }

    /// <summary>By the simple protocol.</summary>
    public async Task<IReadOnlyList<string>> QueryAsync(Asked asked)
    {
        _connection.Writer.WriteQuery(Encoding.UTF8.GetBytes(asked.Text));
        return await AnswerAsync(asked);
    }

    /// <summary>By the extended protocol, all of it at once; only data of a COPY come before Sync.</summary>
    public async Task<IReadOnlyList<string>> ExecuteAsync(Asked asked)
    {
        var writer = _connection.Writer;
        writer.WriteParse([], Encoding.UTF8.GetBytes(asked.Text), []);
        writer.WriteDescribe(Preparation.Statement, []);
        writer.WriteBind([], []);
        writer.WriteDescribe(Preparation.Portal, []);
        writer.WriteExecute([], maxRows: 0);
        _owesSync = asked.Text.Contains("FROM STDIN", StringComparison.Ordinal);
        if (_owesSync)
        {
            writer.WriteFlush();
        }
        else
        {
            writer.WriteSync();
        }

        return await AnswerAsync(asked);
    }

    public ValueTask DisposeAsync() => _connection.DisposeAsync();

    private async Task<IReadOnlyList<string>> AnswerAsync(Asked asked)
    {
        await _connection.Writer.FlushAsync(Cancelled);
        var said = new List<string>();
        while (true)
        {
            var message = await _connection.Reader.ReadAsync(Most, Cancelled);
            said.Add($"{(char)message.Type} {Comparable(message)}");
            if (message.IsEnd || message.Type == BackendMessage.ReadyForQuery)
            {
                return said;
            }

            if (message.Type == BackendMessage.CopyInResponse)
            {
                Copy(asked);
            }

            if (message.Type is BackendMessage.CopyInResponse or BackendMessage.ErrorResponse)
            {
                await SyncAsync();
            }
        }
    }

    private void Copy(Asked asked)
    {
        var writer = _connection.Writer;
        foreach (var line in asked.Copied.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            writer.WriteCopyData(Encoding.UTF8.GetBytes(line + "\n"));
        }

        if (asked.GivesUp is { } why)
        {
            writer.WriteCopyFail(why);
        }
        else
        {
            writer.WriteCopyDone();
        }
    }

    private async Task SyncAsync()
    {
        if (_owesSync)
        {
            _connection.Writer.WriteSync();
            _owesSync = false;
        }

        await _connection.Writer.FlushAsync(Cancelled);
    }

    private static string Comparable(WireMessage message) => message.Type switch
    {
        0 => "gone",
        BackendMessage.ErrorResponse or BackendMessage.NoticeResponse => ErrorFields.Read(message.Body).ToString(),
        BackendMessage.RowDescription => Encoding.Latin1.GetString(WithoutNumbers(message.Body.ToArray())),
        // In front of its channel stands the process that sent it.
        BackendMessage.NotificationResponse => Encoding.Latin1.GetString(message.Body[sizeof(int)..]),
        _ => Encoding.Latin1.GetString(message.Body),
    };

    /// <summary>Relations and types that were made in this database have other numbers than in another one.</summary>
    private static byte[] WithoutNumbers(byte[] columns)
    {
        const int toType = 6;
        const int toNext = 18;
        for (var at = 2; at < columns.Length; at += toNext)
        {
            at = Array.IndexOf(columns, (byte)0, at) + 1;
            Clear(columns.AsSpan(at));
            Clear(columns.AsSpan(at + toType));
        }

        return columns;

        static void Clear(Span<byte> number)
        {
            if (BinaryPrimitives.ReadUInt32BigEndian(number) >= FirstOfUsers)
            {
                number[..sizeof(uint)].Clear();
            }
        }
    }
}
