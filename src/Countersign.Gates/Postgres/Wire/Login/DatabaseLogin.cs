using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Text;

namespace Countersign.Gates.Postgres.Wire.Login;

/// <summary>
/// Opens a session of a database, which may be a false one: nothing it says is trusted or without a limit.
/// </summary>
internal static class DatabaseLogin
{
    /// <summary>Longest message of a server before it is ready.</summary>
    private const int LongestMessage = 64 * 1024;

    /// <summary>Notices, settings and the rest between AuthenticationOk and ReadyForQuery.</summary>
    private const int MostMessages = 1000;

    private const int Major = AgentProtocol.Major << 16;

    /// <exception cref="DatabaseLoginException">It cannot be reached, or lets us not in.</exception>
    public static Task<DatabaseConnection> ConnectAsync(
        DatabaseLoginOptions options, CancellationToken cancellationToken) =>
        WithinLimitAsync(options, token => OpenAsync(options, token), cancellationToken);

    /// <inheritdoc cref="DatabaseConnection.CancelAsync"/>
    public static Task CancelAsync(
        DatabaseLoginOptions options, CancelKey key, bool isEncrypted, CancellationToken cancellationToken) =>
        WithinLimitAsync(
            options,
            async token =>
            {
                // A key that was told inside TLS is not repeated outside.
                var needsTls = isEncrypted && options.Address.SslMode == SslMode.Prefer;
                var address = needsTls ? options.Address with { SslMode = SslMode.Require } : options.Address;
                await using var transport = await DatabaseTransport.OpenAsync(address, token);
                using var writer = new WireWriter(transport.Stream);
                writer.WriteCancelRequest(key.ProcessId, key.Key);
                await writer.FlushAsync(token);

                // The server closes the connection when it has passed the request on.
                return await transport.Stream.ReadAsync(new byte[1], token);
            },
            cancellationToken);

    private static async Task<T> WithinLimitAsync<T>(
        DatabaseLoginOptions options, Func<CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(options.Limits.Connect, options.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            return await work(either.Token);
        }
        catch (OperationCanceledException late) when (!cancellationToken.IsCancellationRequested)
        {
            throw Failed(options, $"it did not answer within {options.Limits.Connect.TotalSeconds} s", late);
        }
        catch (ProtocolViolation violation)
        {
            throw Failed(options, $"it breaks the protocol: {violation.Message}", violation);
        }
        catch (Exception failure) when (failure is IOException or SocketException or AuthenticationException
            or CryptographicException)
        {
            throw Failed(options, (failure.InnerException ?? failure).Message, failure);
        }
    }

    private static DatabaseLoginException Failed(DatabaseLoginOptions options, string why, Exception cause) =>
        new($"The database '{options.Database}' at {options.Address} cannot be used: {why}.", cause);

    private static async Task<DatabaseConnection> OpenAsync(
        DatabaseLoginOptions options, CancellationToken cancellationToken)
    {
        var transport = await DatabaseTransport.OpenAsync(options.Address, cancellationToken);
        var (reader, writer) = (new WireReader(transport.Stream), new WireWriter(transport.Stream));
        try
        {
            writer.WriteStartupMessage(Major | options.Minor, Parameters(options));
            await writer.FlushAsync(cancellationToken);
            var proof = new DatabaseProof(options, transport, writer);
            var minor = await proof.GiveAsync(() => NextAsync(options, reader, cancellationToken), cancellationToken);
            var answers = new Answers();
            for (var count = 0; !answers.IsReady; count++)
            {
                RefuseAbove(count);
                answers.Take(await NextAsync(options, reader, cancellationToken));
            }

            return new DatabaseConnection(transport, reader, writer)
            {
                Parameters = answers.Parameters,
                Key = answers.Key,
                Minor = minor,
                Options = options,
            };
        }
        catch
        {
            reader.Dispose();
            writer.Dispose();
            await transport.DisposeAsync();
            throw;
        }
    }

    private static IEnumerable<KeyValuePair<string, string>> Parameters(DatabaseLoginOptions options) =>
    [
        new("user", options.User), new("database", options.Database), new("client_encoding", "UTF8"),
        .. options.Parameters.Where(static one => one.Key is not ("user" or "database" or "client_encoding")),
    ];

    /// <summary>The next message that is no notice; an error ends the log-in.</summary>
    private static async ValueTask<WireMessage> NextAsync(
        DatabaseLoginOptions options, WireReader reader, CancellationToken cancellationToken)
    {
        for (var count = 0; ; count++)
        {
            RefuseAbove(count);
            var message = await reader.ReadAsync(LongestMessage, cancellationToken);
            switch (message.Type)
            {
                case 0:
                    throw new IOException("it closed the connection");
                case BackendMessage.ErrorResponse:
                    throw Refused(options, ErrorFields.Read(message.Body));
                case BackendMessage.NoticeResponse:
                    break;
                default:
                    return message;
            }
        }
    }

    private static void RefuseAbove(int count)
    {
        if (count > MostMessages)
        {
            throw new ProtocolViolation($"More than {MostMessages} messages come before ReadyForQuery.");
        }
    }

    private static DatabaseLoginException Refused(DatabaseLoginOptions options, ErrorFields answer) => new(
        $"The database '{options.Database}' at {options.Address} refuses user '{options.User}':"
        + $" {answer.Message} ({answer.Code}).")
    {
        SqlState = answer.Code,
        Answer = answer,
    };

    /// <summary>What comes between AuthenticationOk and ReadyForQuery.</summary>
    private sealed class Answers
    {
        public Dictionary<string, string> Parameters { get; } = new(StringComparer.Ordinal);

        public CancelKey? Key { get; private set; }

        public bool IsReady { get; private set; }

        public void Take(WireMessage message)
        {
            switch (message.Type)
            {
                case BackendMessage.ParameterStatus:
                    var status = ParameterStatusBody.Read(message.Body);
                    Parameters[Encoding.UTF8.GetString(status.Name)] = Encoding.UTF8.GetString(status.Value);
                    break;
                case BackendMessage.BackendKeyData:
                    var data = BackendKeyDataBody.Read(message.Body);
                    Key = new CancelKey(data.ProcessId, data.Key.ToArray());
                    break;
                case BackendMessage.ReadyForQuery:
                    IsReady = ReadyForQueryBody.Read(message.Body) == TransactionStatus.Idle;
                    RefuseUnlessReady();
                    break;
                case var type:
                    throw new ProtocolViolation($"A message '{(char)type}' comes before ReadyForQuery.");
            }
        }

        /// <summary>In another encoding the texts that were checked here would be other texts there.</summary>
        private void RefuseUnlessReady()
        {
            if (!IsReady || Parameters.GetValueOrDefault("client_encoding", "UTF8") != "UTF8")
            {
                throw new ProtocolViolation("A new session is inside a transaction, or does not speak UTF8.");
            }
        }
    }
}
