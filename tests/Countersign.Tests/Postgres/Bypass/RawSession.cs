using System.Net.Sockets;
using System.Text;
using Countersign.Gates.Postgres.Wire;
using Countersign.Tests.Postgres.Support;
using Countersign.Tests.Postgres.Wire;
using Countersign.Tests.Postgres.Wire.Login;
using Npgsql;

namespace Countersign.Tests.Postgres.Bypass;

/// <summary>An agent's connection to the gate that says exactly what a test wants.</summary>
internal sealed class RawSession : IAsyncDisposable
{
    private readonly TcpClient _socket = new();
    private readonly List<string> _heard = [];

    private Stream Stream => _socket.GetStream();

    /// <summary>
    /// What came since the connection began: types of messages, of errors with their SQLSTATE, rows with their values,
    /// <c>held</c> in place of the notice that people are asked.
    /// </summary>
    public IReadOnlyList<string> Heard => _heard;

    public static async Task<RawSession> OpenAsync(PostgresHost host)
    {
        var session = await ConnectAsync(host);
        await RawClient.ScramAsync(session.Stream, "bot", PostgresHost.Token, PostgresHost.Orders.Value);
        return session;
    }

    /// <summary>Before anything was said.</summary>
    public static async Task<RawSession> ConnectAsync(PostgresHost host)
    {
        var session = new RawSession();
        var gate = new NpgsqlConnectionStringBuilder(host.Agent);
        await session._socket.ConnectAsync(gate.Host!, gate.Port, TestContext.Current.CancellationToken);
        return session;
    }

    public async Task SendAsync(params Action<WireWriter>[] messages) => await SendAsync(
        [.. messages.SelectMany(Bytes.Of)]);

    public async Task SendAsync(byte[] bytes) =>
        await Stream.WriteAsync(bytes, TestContext.Current.CancellationToken);

    public Task QueryAsync(string text) => SendAsync(to => to.WriteQuery(Encoding.UTF8.GetBytes(text)));

    /// <summary>The first four messages of the extended protocol, and Sync.</summary>
    public Task ExtendedAsync(string text) => SendAsync([.. Extended(text), to => to.WriteSync()]);

    public static Action<WireWriter>[] Extended(string text, string statement = "", string portal = "") =>
    [
        Parse(text, statement), Bind(statement, portal), Execute(portal),
    ];

    public static Action<WireWriter> Parse(string text, string statement = "") =>
        to => to.WriteParse(Encoding.UTF8.GetBytes(statement), Encoding.UTF8.GetBytes(text), []);

    public static Action<WireWriter> Bind(string statement = "", string portal = "") =>
        to => to.WriteBind(Encoding.UTF8.GetBytes(portal), Encoding.UTF8.GetBytes(statement));

    public static Action<WireWriter> Execute(string portal = "", int maxRows = 0) =>
        to => to.WriteExecute(Encoding.UTF8.GetBytes(portal), maxRows);

    public static void Sync(WireWriter to) => to.WriteSync();

    /// <summary>What is heard up to ReadyForQuery, a held statement or the end of the connection.</summary>
    public async Task<string> AnswerAsync()
    {
        var from = _heard.Count;
        do
        {
            _heard.Add(await HearAsync());
        }
        while (!(_heard[^1] is "held" or "closed" || _heard[^1].StartsWith("Z ", StringComparison.Ordinal)));

        return string.Join("; ", _heard.Skip(from));
    }

    /// <summary>Everything up to the end of the connection, which the gate has to bring about, as text.</summary>
    public async Task<string> RestAsync()
    {
        using var rest = new MemoryStream();
        try
        {
            await Stream.CopyToAsync(rest, TestContext.Current.CancellationToken);
        }
        catch (IOException)
        {
            // It was cut, which is an end as well.
        }

        return Encoding.Latin1.GetString(rest.ToArray());
    }

    public async Task<string> AskAsync(string text)
    {
        await QueryAsync(text);
        return await AnswerAsync();
    }

    public ValueTask DisposeAsync()
    {
        _socket.Dispose();
        return default;
    }

    private async Task<string> HearAsync()
    {
        try
        {
            var (type, body) = await RawClient.MessageAsync(Stream);
            return type switch
            {
                'E' => "error " + ErrorFields.Read(body).Code,
                'N' => ErrorFields.Read(body) is { Code: "01000", Message: var text }
                    && text!.Contains("/console/actions/", StringComparison.Ordinal) ? "held" : "notice",
                'Z' => $"Z {(char)body[0]}",
                'D' => "row " + Values(body),
                'C' => "done " + Encoding.UTF8.GetString(body.AsSpan(0, body.Length - 1)),
                _ => type.ToString(),
            };
        }
        catch (IOException)
        {
            return "closed";
        }
    }

    private static string Values(byte[] body)
    {
        var values = new List<string>();
        var row = DataRowBody.Read(body);
        while (row.MoveNext())
        {
            values.Add(row.IsNull ? "NULL" : Encoding.UTF8.GetString(row.Current));
        }

        return string.Join(",", values);
    }
}
