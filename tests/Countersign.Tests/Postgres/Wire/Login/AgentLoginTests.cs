using System.Net.Security;
using System.Security.Cryptography;
using Countersign.Gates.Postgres;
using Countersign.Gates.Postgres.Wire;
using Countersign.Gates.Postgres.Wire.Login;
using Countersign.Tests.Support;
using static Countersign.Tests.Postgres.Wire.Login.RawClient;

namespace Countersign.Tests.Postgres.Wire.Login;

public sealed class AgentLoginTests
{
    private static readonly byte[] s_salt = new byte[16];
    private static readonly AgentSecret s_token = new AgentSecret.Scram(ScramVerifier.Derive("token", 4096, s_salt));
    private static readonly AgentSecret s_hashed = new AgentSecret.Hashed(SHA256.HashData("hashed"u8));
    private static readonly AgentSecret s_otherSalt =
        new AgentSecret.Scram(ScramVerifier.Derive("other", 4096, new byte[8]));

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_token_opens_by_scram()
    {
        await using var door = Door(s_token);
        await using var client = await door.ConnectAsync();

        var answers = await ScramAsync(client, "bot", "token");

        Assert.Contains('Z', answers);
        var agent = Assert.IsType<AgentArrival.Agent>(await door.NextAsync()).Connection;
        Assert.Same(s_token, agent.Secret);
        Assert.Equal(("bot", "orders", 0, false), (
            agent.Parameters.User, agent.Parameters.Database, agent.Minor, agent.IsEncrypted));
    }

    [Theory]
    [InlineData("bot", "wrong")]
    [InlineData("nobody", "token")]
    public async Task A_wrong_token_and_an_unknown_user_fail_alike(string user, string token)
    {
        await using var door = Door(s_token);
        await using var client = await door.ConnectAsync();

        var error = await ErrorAsync(client, () => ScramAsync(client, user, token));

        Assert.Equal(("FATAL", "28P01"), (error.Severity, error.Code));
        Assert.Equal($"Authentication failed for agent \"{user}\".", error.Message);
        Assert.Contains("postgresql://AGENT:TOKEN@", error.Hint);
        Assert.Equal("28P01", Assert.IsType<AgentArrival.Refused>(await door.NextAsync()).SqlState);
    }

    [Fact]
    public async Task Whoever_guesses_is_not_heard_for_a_minute_even_with_the_right_token()
    {
        var time = new ManualTime();
        await using var door = Door([s_token], options => options with { Time = time });
        for (var guess = 0; guess < new PostgresLimits().FailedLogins; guess++)
        {
            Assert.Equal("28P01", await LogInAsync(door, "wrong"));
        }

        Assert.Equal("53400", await LogInAsync(door, "token"));
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal("", await LogInAsync(door, "token"));
    }

    [Fact]
    public async Task Of_guesses_at_the_same_time_only_as_many_count_as_may_fail()
    {
        await using var door = Door(
            [s_token], options => options with { Limits = new PostgresLimits { FailedLogins = 1 } });
        await using var early = await door.ConnectAsync();
        await StartAsync(early, "bot");
        await MessageAsync(early);
        Assert.Equal("28P01", await LogInAsync(door, "wrong"));
        var scram = new ScramClient("token", "n,,", [], "client-nonce");
        await early.WriteAsync(
            Bytes.Of(to => to.WriteSaslInitialResponse("SCRAM-SHA-256", scram.First())), Cancellation);
        var challenge = (await MessageAsync(early)).Body;
        await early.WriteAsync(
            Bytes.Of(to => to.WriteSaslResponse(scram.Answer(challenge.AsSpan(4)))), Cancellation);

        var (type, body) = await MessageAsync(early);

        // Not even the signature that tells a right token.
        Assert.Equal(('E', "53400"), (type, ErrorFields.Read(body).Code));
    }

    private static async Task<string> LogInAsync(AgentDoor door, string token)
    {
        await using var client = await door.ConnectAsync();
        try
        {
            await ScramAsync(client, "bot", token);
        }
        catch (Exception failed) when (failed is not OperationCanceledException)
        {
            // Which error it was is what the door says.
        }

        return await door.NextAsync() is AgentArrival.Refused refused ? refused.SqlState : "";
    }

    [Fact]
    public async Task An_unknown_user_always_has_the_same_salt()
    {
        await using var door = Door(s_token);

        var first = await SaltAsync(door, "nobody");

        Assert.Equal(first, await SaltAsync(door, "nobody"));
        Assert.NotEqual(first, await SaltAsync(door, "nobody2"));
        Assert.Matches("^s=[A-Za-z0-9+/]{22}==,i=4096$", first);
    }

    [Fact]
    public async Task An_unknown_target_is_told_to_agents_only()
    {
        await using var door = Door(s_token);
        await using var client = await door.ConnectAsync();
        await using var stranger = await door.ConnectAsync();

        var error = await ErrorAsync(client, () => ScramAsync(client, "bot", "token", database: "nowhere"));
        var strangers = await ErrorAsync(stranger, () => ScramAsync(stranger, "bot", "wrong", database: "nowhere"));

        Assert.Equal(("FATAL", "3D000"), (error.Severity, error.Code));
        Assert.Equal("28P01", strangers.Code);
    }

    [Fact]
    public async Task A_token_known_by_hash_only_is_not_asked_for_without_tls()
    {
        await using var door = Door(s_hashed);
        await using var client = await door.ConnectAsync();

        var error = await ErrorAsync(client, () => StartAsync(client, "bot"));

        Assert.Equal("28P01", error.Code);
        Assert.Contains("sslmode=verify-full", error.Message);
        Assert.Contains("scram-sha-256:", error.Message);
    }

    [Fact]
    public async Task Tokens_with_different_salts_need_tls_as_well_and_the_text_says_why()
    {
        await using var door = Door(s_token, s_otherSalt);
        await using var client = await door.ConnectAsync();

        Assert.Contains("different salts", (await ErrorAsync(client, () => StartAsync(client, "bot"))).Message);
    }

    [Theory]
    [InlineData("token", true)]
    [InlineData("hashed", true)]
    [InlineData("other", true)]
    [InlineData("wrong", false)]
    public async Task Inside_tls_any_mix_of_tokens_can_be_checked(string token, bool isRight)
    {
        using var certificate = Certificates.SelfSigned();
        await using var door = Door(
            [s_token, s_hashed, s_otherSalt], options => options with { Tls = new AgentTls(certificate, null) });
        await using var client = await EncryptAsync(await door.ConnectAsync(), direct: false);
        await StartAsync(client, "bot");

        Assert.Equal([0, 0, 0, 3], (await MessageAsync(client)).Body);
        await client.WriteAsync(Bytes.Of(to => to.WritePassword(token)), Cancellation);

        Assert.Equal(isRight ? 'R' : 'E', (await MessageAsync(client)).Type);
        Assert.Equal(isRight, await door.NextAsync() is AgentArrival.Agent);
    }

    [Fact]
    public async Task Tls_can_come_first_when_it_names_the_protocol()
    {
        using var certificate = Certificates.SelfSigned();
        await using var door = Door([s_token], options => options with { Tls = new AgentTls(certificate, null) });
        await using var client = await EncryptAsync(await door.ConnectAsync(), direct: true);

        Assert.Contains('Z', await ScramAsync(client, "bot", "token"));
        Assert.True(Assert.IsType<AgentArrival.Agent>(await door.NextAsync()).Connection.IsEncrypted);
    }

    [Fact]
    public async Task Tls_at_once_without_the_protocols_name_is_refused()
    {
        using var certificate = Certificates.SelfSigned();
        await using var door = Door([s_token], options => options with { Tls = new AgentTls(certificate, null) });
        await using var client = new SslStream(await door.ConnectAsync());

        await client.AuthenticateAsClientAsync(Trusting(protocols: []), Cancellation);

        Assert.Contains("ALPN", Assert.IsType<AgentArrival.Refused>(await door.NextAsync()).Reason);
    }

    [Fact]
    public async Task A_channel_bound_to_our_certificate_is_offered_and_checked()
    {
        using var certificate = Certificates.SelfSigned();
        await using var door = Door([s_token], options => options with { Tls = new AgentTls(certificate, null) });
        await using var right = await EncryptAsync(await door.ConnectAsync(), direct: false);
        await using var wrong = await EncryptAsync(await door.ConnectAsync(), direct: false);
        var binding = SHA256.HashData(certificate.RawData);

        Assert.Contains('Z', await ScramAsync(right, "bot", "token", binding: binding));
        var error = await ErrorAsync(wrong, () => ScramAsync(wrong, "bot", "token", binding: new byte[32]));

        Assert.Equal("08P01", error.Code);
    }

    [Fact]
    public async Task Bytes_before_tls_close_the_connection()
    {
        using var certificate = Certificates.SelfSigned();
        await using var door = Door([s_token], options => options with { Tls = new AgentTls(certificate, null) });
        await using var client = await door.ConnectAsync();

        await client.WriteAsync(
            (byte[])[.. Bytes.Of(static to => to.WriteSslRequest()), .. Bytes.Message('Q', 65, 0)], Cancellation);

        Assert.Contains("before", Assert.IsType<AgentArrival.Refused>(await door.NextAsync()).Reason);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_second_request_for_tls_is_refused(bool inside)
    {
        using var certificate = Certificates.SelfSigned();
        await using var door = Door(
            [s_token], options => options with { Tls = inside ? new AgentTls(certificate, null) : null });
        await using Stream client = inside
            ? await EncryptAsync(await door.ConnectAsync(), direct: false)
            : await door.ConnectAsync();
        var request = Bytes.Of(static to => to.WriteSslRequest());
        if (!inside)
        {
            await client.WriteAsync(request, Cancellation);
            Assert.Equal('N', client.ReadByte());
        }

        await client.WriteAsync(request, Cancellation);

        Assert.Equal("08P01", Assert.IsType<AgentArrival.Refused>(await door.NextAsync()).SqlState);
    }

    [Fact]
    public async Task Gss_encryption_is_declined_and_the_client_goes_on()
    {
        await using var door = Door(s_token);
        await using var client = await door.ConnectAsync();

        await client.WriteAsync((byte[])[0, 0, 0, 8, 0x04, 0xD2, 0x16, 0x30], Cancellation);
        Assert.Equal('N', client.ReadByte());
        await client.WriteAsync(Bytes.Of(static to => to.WriteSslRequest()), Cancellation);
        Assert.Equal('N', client.ReadByte());

        Assert.Contains('Z', await ScramAsync(client, "bot", "token"));
    }

    [Fact]
    public async Task Without_tls_nobody_comes_in_where_it_is_required()
    {
        await using var door = Door([s_token], static options => options with { IsTlsRequired = true });
        await using var client = await door.ConnectAsync();

        Assert.Equal("28000", (await ErrorAsync(client, () => StartAsync(client, "bot"))).Code);
    }

    [Fact]
    public async Task A_cancel_request_brings_its_key()
    {
        await using var door = Door(s_token);
        await using var client = await door.ConnectAsync();

        await client.WriteAsync(Bytes.Of(static to => to.WriteCancelRequest(7, new byte[32])), Cancellation);

        var cancel = Assert.IsType<AgentArrival.Cancel>(await door.NextAsync());
        Assert.Equal((7, 32), (cancel.ProcessId, cancel.Key.Length));
        Assert.Equal(-1, client.ReadByte());
    }

    [Fact]
    public async Task Who_says_nothing_is_not_waited_for()
    {
        var limits = new PostgresLimits { Startup = TimeSpan.FromMilliseconds(50) };
        await using var door = Door([s_token], options => options with { Limits = limits });
        await using var client = await door.ConnectAsync();

        Assert.Contains("longer than", Assert.IsType<AgentArrival.Refused>(await door.NextAsync()).Reason);
        Assert.Equal(-1, client.ReadByte());
    }

    [Fact]
    public async Task Another_message_in_place_of_the_answer_is_refused()
    {
        await using var door = Door(s_token);
        await using var client = await door.ConnectAsync();
        await StartAsync(client, "bot");
        await MessageAsync(client);

        var error = await ErrorAsync(client, async () =>
        {
            await client.WriteAsync(Bytes.Of(static to => to.WriteQuery("SELECT 1"u8)), Cancellation);
            return "";
        });

        Assert.Equal("08P01", error.Code);
    }

    [Theory]
    [InlineData(new byte[] { (byte)'S', 0, 0xFF, 0xFF, 0xFF, 0xFF })]
    [InlineData(new byte[] { (byte)'S', 0, 0x7F, 0xFF, 0xFF, 0xFF })]
    [InlineData(new byte[] { (byte)'S', 0, 0, 0, 0, 9, 65 })]
    [InlineData(new byte[] { })]
    public async Task A_sasl_message_whose_length_lies_is_refused(byte[] body)
    {
        await using var door = Door(s_token);
        await using var client = await door.ConnectAsync();
        await StartAsync(client, "bot");
        await MessageAsync(client);

        await client.WriteAsync(Bytes.Message('p', body), Cancellation);

        Assert.Equal("08P01", Assert.IsType<AgentArrival.Refused>(await door.NextAsync()).SqlState);
    }

    [Fact]
    public async Task Random_beginnings_cause_nothing_but_refusals()
    {
        using var certificate = Certificates.SelfSigned();
        await using var door = Door([s_token], options => options with { Tls = new AgentTls(certificate, null) });
        var start = Bytes.Of(static to => to.WriteStartupMessage(3 << 16, [new("user", "bot")]));
        for (var seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            var bytes = new byte[random.Next(1, 60)];
            random.NextBytes(bytes);
            byte[] sent = (seed % 3) switch
            {
                0 => bytes,
                1 => [.. start, .. Bytes.Message('p', bytes)],
                _ => [0x16, 0x03, 0x01, .. bytes],
            };
            await using var client = await door.ConnectAsync();
            await client.WriteAsync(sent, Cancellation);
            client.Socket.Shutdown(System.Net.Sockets.SocketShutdown.Send);

            Assert.IsType<AgentArrival.Refused>(await door.NextAsync());
        }
    }

    private static AgentDoor Door(params AgentSecret[] secrets) => Door(secrets, static options => options);

    private static AgentDoor Door(AgentSecret[] secrets, Func<AgentLoginOptions, AgentLoginOptions> change) => new(
        change(new AgentLoginOptions
        {
            Find = (user, database, _) => new(new AgentAccount(
                user == "bot" ? secrets : [],
                database == "orders" ? null : new ErrorFields { Code = "3D000", Message = "No such target." })),
        }));
}
