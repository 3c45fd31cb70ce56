using System.Text;
using Countersign.Gates.Credentials;
using Countersign.Gates.Postgres;
using Countersign.Gates.Postgres.Wire;
using Countersign.Gates.Postgres.Wire.Login;

namespace Countersign.Tests.Postgres.Wire.Login;

/// <summary>
/// What a false or broken server can do to our log-in: nothing but make it fail, soon and with a text.
/// </summary>
public sealed class FalseServerTests
{
    private static readonly Func<byte[], byte[]> s_scram =
        FalseServer.Say(static to => to.WriteAuthenticationSasl("SCRAM-SHA-256"));

    private static readonly Action<WireWriter> s_ok = static to => to.WriteAuthenticationOk();
    private static readonly Action<WireWriter> s_ready = static to => to.WriteReadyForQuery(TransactionStatus.Idle);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_server_without_a_key_to_cancel_is_taken()
    {
        await using var server = new FalseServer(FalseServer.Say(s_ok, s_ready));

        await using var connection = await LogInAsync(server);

        Assert.Null(connection.Key);
        await connection.CancelAsync(Cancellation);
    }

    [Fact]
    public async Task A_longer_key_and_an_older_version_are_taken()
    {
        await using var server = new FalseServer(FalseServer.Say(
            static to => to.WriteNegotiateProtocolVersion(0, []),
            static to => to.WriteNoticeResponse(new ErrorFields { Message = "welcome" }),
            s_ok,
            static to => to.WriteBackendKeyData(7, new byte[256]),
            s_ready));

        await using var connection = await LogInAsync(server, static options => options with { Minor = 2 });

        Assert.Equal((0, 256), (connection.Minor, connection.Key!.Key.Length));
        Assert.Equal([0, 3, 0, 2], server.Received[0][4..8]);
    }

    [Fact]
    public async Task An_error_without_sqlstate_is_told()
    {
        await using var server = new FalseServer(static _ => Bytes.Message('E', [.. "Mgo away\0"u8, 0]));

        var refused = await Assert.ThrowsAsync<DatabaseLoginException>(() => LogInAsync(server));

        Assert.Equal("XX000", refused.SqlState);
        Assert.Contains("go away", refused.Message);
    }

    [Fact]
    public async Task A_refusal_keeps_what_the_server_said()
    {
        await using var server = new FalseServer(FalseServer.Say(
            static to => to.WriteErrorResponse(new ErrorFields { Code = "53300", Message = "too many clients" })));

        var refused = await Assert.ThrowsAsync<DatabaseLoginException>(() => LogInAsync(server));

        Assert.Equal(("53300", "too many clients"), (refused.SqlState, refused.Answer!.Message));
    }

    [Fact]
    public async Task Ok_without_a_proof_of_the_server_is_refused()
    {
        await using var server = new FalseServer(s_scram, FalseServer.Say(s_ok, s_ready));

        Assert.Contains("without a proof", await FailureAsync(server));
    }

    [Fact]
    public async Task A_server_that_does_not_know_the_password_is_found_out()
    {
        var other = ScramVerifier.Derive("another password", 4096, "salt"u8);
        var scram = new ScramServer([other], binding: null, "server");
        await using var server = new FalseServer(
            s_scram,
            received => Bytes.Of(
                to => to.WriteAuthenticationSaslContinue(scram.Begin("SCRAM-SHA-256", First(received)))),
            FalseServer.Say(
                static to => to.WriteAuthenticationSaslFinal(
                    Encoding.ASCII.GetBytes("v=" + Convert.ToBase64String(new byte[32]))),
                s_ok,
                s_ready));

        Assert.Contains("may be a false one", await FailureAsync(server));
    }

    [Theory]
    [InlineData("r=NONCEx,s=AAAA,i=1")]
    [InlineData("r=NONCEx,s=AAAA,i=2147483647")]
    [InlineData("r=NONCEx,s=AAAA,i=4294967297")]
    [InlineData("r=stolen,s=AAAA,i=4096")]
    [InlineData("r=NONCELONG,s=AAAA,i=4096")]
    public async Task A_scram_challenge_that_asks_too_much_or_too_little_is_refused(string challenge)
    {
        await using var server = new FalseServer(s_scram, received =>
        {
            var first = Encoding.ASCII.GetString(First(received));
            var text = challenge
                .Replace("LONG", new string('x', 50_000), StringComparison.Ordinal)
                .Replace("NONCE", first[(first.LastIndexOf('=') + 1)..], StringComparison.Ordinal);
            return Bytes.Of(to => to.WriteAuthenticationSaslContinue(Encoding.ASCII.GetBytes(text)));
        });

        Assert.Contains("breaks the protocol", await FailureAsync(server));
    }

    [Fact]
    public async Task A_clear_password_is_not_given_without_tls()
    {
        await using var server = new FalseServer(
            FalseServer.Say(static to => to.WriteAuthenticationCleartextPassword()), FalseServer.Say(s_ok, s_ready));

        Assert.Contains("without TLS", await FailureAsync(server));
        Assert.Single(server.Received);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(7)]
    [InlineData(9)]
    [InlineData(11)]
    [InlineData(12)]
    [InlineData(-1)]
    public async Task Another_authentication_is_refused(int request)
    {
        await using var server = new FalseServer(
            _ => Bytes.Message('R', (byte)(request >> 24), (byte)(request >> 16), (byte)(request >> 8), (byte)request));

        Assert.Contains($"authentication {request}", await FailureAsync(server));
    }

    [Fact]
    public async Task A_channel_that_must_be_bound_is_not_opened_unbound()
    {
        await using var server = new FalseServer(FalseServer.Say(s_ok, s_ready));

        Assert.Contains("PLUS", await FailureAsync(
            server, static options => options with { IsChannelBindingRequired = true }));
    }

    [Fact]
    public async Task A_server_without_tls_is_not_used_where_tls_is_required()
    {
        await using var server = new FalseServer(static _ => "N"u8.ToArray());

        Assert.Contains("offers no TLS", await FailureAsync(server, ssl: SslMode.Require));
    }

    [Theory]
    [InlineData("SX")]
    [InlineData("NX")]
    [InlineData("E")]
    [InlineData("X")]
    public async Task Anything_but_one_byte_before_tls_is_refused(string answer)
    {
        await using var server = new FalseServer(_ => Encoding.ASCII.GetBytes(answer));

        Assert.Contains("S or N", await FailureAsync(server, ssl: SslMode.Prefer));
    }

    [Fact]
    public async Task A_session_in_another_encoding_or_inside_a_transaction_is_not_used()
    {
        await using var encoding = new FalseServer(FalseServer.Say(
            s_ok, static to => to.WriteParameterStatus("client_encoding", "SJIS"), s_ready));
        await using var transaction = new FalseServer(
            FalseServer.Say(s_ok, static to => to.WriteReadyForQuery(TransactionStatus.InTransaction)));

        Assert.Contains("UTF8", await FailureAsync(encoding));
        Assert.Contains("inside a transaction", await FailureAsync(transaction));
    }

    [Fact]
    public async Task Chatter_without_end_is_cut_off()
    {
        await using var server = new FalseServer(FalseServer.Say(s_ok, static to =>
        {
            for (var count = 0; count < 2000; count++)
            {
                to.WriteNoticeResponse(new ErrorFields { Message = "hello" });
            }
        }));

        Assert.Contains("More than", await FailureAsync(server));
    }

    [Theory]
    [InlineData('D', 4)]
    [InlineData('S', 70_000)]
    [InlineData('S', -1)]
    [InlineData('K', 8)]
    public async Task A_message_that_does_not_belong_here_is_refused(char type, int length)
    {
        await using var server = new FalseServer(
            _ => [.. Bytes.Of(s_ok), .. Bytes.Message(type, length, new byte[Math.Clamp(length - 4, 0, 100)])]);

        Assert.Contains("breaks the protocol", await FailureAsync(server));
    }

    [Fact]
    public async Task A_server_that_says_nothing_is_not_waited_for()
    {
        await using var server = new FalseServer(static _ => []);
        var limits = new PostgresLimits { Connect = TimeSpan.FromMilliseconds(50) };
        await using var silent = new FalseServer();

        Assert.Contains("closed the connection", await FailureAsync(server));
        var stuck = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        stuck.Start();
        var port = ((System.Net.IPEndPoint)stuck.LocalEndpoint).Port;
        var failure = await Assert.ThrowsAsync<DatabaseLoginException>(() => DatabaseLogin.ConnectAsync(
            Options(silent) with { Address = silent.Address with { Port = port }, Limits = limits }, Cancellation));
        stuck.Dispose();

        Assert.Contains("did not answer within", failure.Message);
        Assert.Equal("08006", failure.SqlState);
    }

    [Fact]
    public async Task Nobody_there_is_a_failure_with_the_address()
    {
        await using var server = new FalseServer();
        var gone = server.Address with { Port = 1 };

        var failure = await Assert.ThrowsAsync<DatabaseLoginException>(
            () => DatabaseLogin.ConnectAsync(Options(server) with { Address = gone }, Cancellation));

        Assert.Contains("127.0.0.1:1", failure.Message);
    }

    [Fact]
    public async Task Random_answers_cause_nothing_but_a_failed_log_in()
    {
        for (var seed = 0; seed < 200; seed++)
        {
            var random = new Random(seed);
            var junk = new byte[random.Next(80)];
            random.NextBytes(junk);
            byte[] answer = (seed % 3) switch
            {
                0 => junk,
                1 => [.. Bytes.Of(s_ok), .. Bytes.Message('S', junk)],
                _ => Bytes.Message('R', junk),
            };
            await using var server = new FalseServer(_ => answer);

            await FailureAsync(server);
        }
    }

    /// <summary>The data of a SASLInitialResponse: behind the head, the mechanism's NUL and the length.</summary>
    private static byte[] First(byte[] message) =>
        message[(Array.IndexOf(message, (byte)0, MessageHead.Size) + 1 + sizeof(int))..];

    private static DatabaseLoginOptions Options(FalseServer server) => new()
    {
        Address = server.Address,
        Database = "orders",
        User = "gate",
        Password = new Secret("secret"),
    };

    private static Task<DatabaseConnection> LogInAsync(
        FalseServer server, Func<DatabaseLoginOptions, DatabaseLoginOptions>? change = null) =>
        DatabaseLogin.ConnectAsync(change?.Invoke(Options(server)) ?? Options(server), Cancellation);

    private static async Task<string> FailureAsync(
        FalseServer server,
        Func<DatabaseLoginOptions, DatabaseLoginOptions>? change = null,
        SslMode ssl = SslMode.Disable)
    {
        var options = change?.Invoke(Options(server)) ?? Options(server);
        var failure = await Assert.ThrowsAsync<DatabaseLoginException>(() => DatabaseLogin.ConnectAsync(
            options with { Address = options.Address with { SslMode = ssl } }, Cancellation));
        Assert.DoesNotContain("secret", failure.ToString(), StringComparison.Ordinal);
        return failure.Message;
    }
}
