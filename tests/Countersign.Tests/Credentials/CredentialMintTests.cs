using System.Text;
using System.Text.Json;
using Countersign.Gates.Credentials;

namespace Countersign.Tests.Credentials;

/// <summary>The program that makes a credential for one execution: what it is told, what is taken from it.</summary>
public sealed class CredentialMintTests : IDisposable
{
    private const string Canary = "canary-minted-51aa";

    private readonly MintBench _bench = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _bench.Dispose();

    [Fact]
    public async Task It_is_told_which_action_it_is_for_and_gets_nothing_else_of_the_servers_environment()
    {
        Environment.SetEnvironmentVariable("COUNTERSIGN_TEST_SECRET", Canary);
        var action = MintBench.Action();

        await using var made = await MadeAsync("env > $D/env; cat > $D/stdin; echo made");

        var variables = _bench["env"].Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split('=', 2)).ToDictionary(parts => parts[0], parts => parts[1]);
        Assert.Equal(action.Id.Value, variables["COUNTERSIGN_ACTION"]);
        Assert.Equal("ops", variables["COUNTERSIGN_TARGET"]);
        Assert.Equal(action.Action.Digest.Value, variables["COUNTERSIGN_DIGEST"]);
        Assert.Equal("7", variables["COUNTERSIGN_FENCE"]);
        Assert.Equal("300", variables["COUNTERSIGN_TTL_SECONDS"]);
        // PWD, OLDPWD, SHLVL and _ are the shell's own.
        Assert.Empty(variables.Keys.Except(
        [
            "COUNTERSIGN_ACTION", "COUNTERSIGN_TARGET", "COUNTERSIGN_DIGEST", "COUNTERSIGN_FENCE",
            "COUNTERSIGN_TTL_SECONDS", "COUNTERSIGN_RUN", "PATH", "HOME", "LANG", "TMPDIR", "PWD", "OLDPWD", "SHLVL",
            "_",
        ]));
        Assert.Equal("", _bench["stdin"]);
    }

    [Theory]
    [InlineData("echo 'Bearer abc'", "Authorization: Bearer abc")]
    [InlineData("printf 'abc'", "Authorization: abc")]
    [InlineData("printf 'abc\\r\\n'", "Authorization: abc")]
    [InlineData("""echo '{"headers":{"X-Key":"abc","X-Id":"7"},"expires_at":null}'""", "X-Id: 7, X-Key: abc")]
    public async Task A_line_is_the_secret_and_an_object_names_its_headers(string script, string expected)
    {
        await using var made = await MadeAsync(script);

        Assert.Equal(expected, string.Join(", ", made.Headers.Select(
            header => $"{header.Name}: {header.Value.Reveal()}")));
    }

    [Theory]
    [InlineData(null, 300)]
    [InlineData("2026-11-21T10:01:00Z", 60)]
    [InlineData("2026-11-21T11:01:00+01:00", 60)]
    [InlineData("2099-01-01T00:00:00Z", 300)]
    public async Task It_may_be_used_until_it_expires_or_its_time_is_over(string? expiresAt, int seconds)
    {
        var expiry = expiresAt is null ? "" : $",\"expires_at\":\"{expiresAt}\"";

        await using var made = await MadeAsync($$"""echo '{"headers":{"X-Key":"abc"}{{expiry}}}'""");

        Assert.Equal(_bench.Time.GetUtcNow().AddSeconds(seconds), made.UsableUntil);
    }

    [Theory]
    [InlineData("", "empty")]
    [InlineData("\n", "empty")]
    [InlineData(Canary + "\nsecond", "line break")]
    [InlineData(Canary + " \n", "blank")]
    [InlineData(Canary + "\u00e9", "printable ASCII")]
    [InlineData(Canary + "\t", "printable ASCII")]
    [InlineData("{\"headers\":{\"X\":\"" + Canary + "\"}", "is none")]
    [InlineData("{\"headers\":{\"X\":\"" + Canary + "\",\"X\":\"b\"}}", "is none")]
    [InlineData("{\"headers\":{}}", "'headers'")]
    [InlineData("{\"headers\":{\"X\":7}}", "'headers'")]
    [InlineData("{\"token\":\"" + Canary + "\"}", "none of")]
    [InlineData("{\"password\":\"" + Canary + "\"}", "'password'")]
    [InlineData("{\"headers\":{\"" + Canary + " x\":\"b\"}}", "header of that name")]
    [InlineData("{\"headers\":{\"Host\":\"" + Canary + "\"}}", "header of that name")]
    [InlineData("{\"headers\":{\"Mcp-Session-Id\":\"" + Canary + "\"}}", "header of that name")]
    [InlineData("{\"headers\":{\"X\":\"" + Canary + "\\nY: z\"}}", "line break")]
    [InlineData("{\"headers\":{\"X\":\"" + Canary + "\"},\"expires_at\":\"" + Canary + "\"}", "'expires_at'")]
    [InlineData("{\"headers\":{\"X\":\"" + Canary + "\"},\"revoke\":\"" + Canary + "\"}", "'revoke'")]
    public async Task What_no_header_can_carry_is_refused_without_showing_any_of_it(string output, string why)
    {
        await File.WriteAllTextAsync(_bench.PathOf("output"), output, new UTF8Encoding(false), Cancel);

        var failed = Assert.IsType<Minting.Failed>(await _bench.MintAsync("cat $D/output", Cancel));

        Assert.Contains(why, failed.Why, StringComparison.Ordinal);
        Assert.Contains(why, _bench.Logged, StringComparison.Ordinal);
        Assert.DoesNotContain(Canary, failed.Why + _bench.Logged, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_helper_that_fails_makes_nothing_and_what_it_said_is_only_counted()
    {
        var failed = Assert.IsType<Minting.Failed>(
            await _bench.MintAsync($"echo {Canary}; printf '%s' {Canary} >&2; exit 3", Cancel));

        Assert.Equal("the credential helper ended with exit code 3.", failed.Why);
        Assert.Contains($"{Canary.Length} bytes on standard error", _bench.Logged, StringComparison.Ordinal);
        Assert.DoesNotContain(Canary, _bench.Logged, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_helper_that_is_not_there_makes_nothing_and_the_log_says_which()
    {
        var minting = await _bench.MintFor(_bench.PathOf("missing")).MintAsync(MintBench.Action(), Cancel);

        Assert.Contains("cannot be started", Assert.IsType<Minting.Failed>(minting).Why, StringComparison.Ordinal);
        Assert.Contains(_bench.PathOf("missing"), _bench.Logged, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("printf", true)]
    [InlineData("no-such-helper-in-any-folder", false)]
    public async Task A_helper_without_a_path_is_looked_for_in_PATH(string program, bool isThere)
    {
        var minting = await _bench.MintFor(program, "abc").MintAsync(MintBench.Action(), Cancel);

        Assert.Equal(isThere, minting is Minting.Made);
        Assert.Equal(!isThere, _bench.Logged.Contains("in no folder of PATH", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_helper_that_prints_too_much_is_ended()
    {
        _bench.Limits = new MintLimits { Output = 1000 };

        var failed = Assert.IsType<Minting.Failed>(
            await _bench.MintAsync("echo $$ > $D/pid; cat /dev/zero", Cancel));

        Assert.Equal("the credential helper printed more than 1000 bytes.", failed.Why);
        await Processes.UntilEndedAsync(int.Parse(_bench["pid"]), Cancel);
    }

    [Theory]
    [InlineData("sleep 600 & echo $! > $D/pid; exec sleep 600")]
    [InlineData("(sleep 600 & echo $! > $D/pid) ; exit 0")]
    [InlineData("sleep 600 >/dev/null 2>&1 & echo $! > $D/pid; exec sleep 600")]
    public async Task A_helper_that_takes_too_long_is_ended_with_all_it_started(string script)
    {
        _bench.Limits = new MintLimits { Time = TimeSpan.FromSeconds(1) };

        var failed = Assert.IsType<Minting.Failed>(await _bench.MintAsync(script, Cancel));

        Assert.Contains("did not end within 1 s", failed.Why, StringComparison.Ordinal);
        await Processes.UntilEndedAsync(int.Parse(_bench["pid"]), Cancel);
    }

    [Fact]
    public async Task An_execution_whose_time_is_over_ends_its_helper()
    {
        using var over = new CancellationTokenSource();
        var script = _bench.WriteScript("echo $$ > $D/pid.new; mv $D/pid.new $D/pid; exec sleep 600");
        var minting = _bench.MintFor(script).MintAsync(MintBench.Action(), over.Token);
        await Processes.UntilAsync(() => _bench.Has("pid"), Cancel);

        await over.CancelAsync();

        Assert.Contains(
            "the time for this action was over",
            Assert.IsType<Minting.Failed>(await minting).Why,
            StringComparison.Ordinal);
        await Processes.UntilEndedAsync(int.Parse(_bench["pid"]), Cancel);
    }

    [Fact]
    public async Task What_was_made_is_taken_back_when_the_helper_said_how()
    {
        var revoke = _bench.WriteScript("echo \"$1 $COUNTERSIGN_ACTION\" > $D/revoked", "revoke.sh");
        var output = JsonSerializer.Serialize(new
        {
            headers = new Dictionary<string, string> { ["X-Key"] = "abc" },
            revoke = new[] { revoke, "lease-1" },
        });

        var made = await MadeAsync($"echo '{output}'");
        var before = _bench.Has("revoked");
        await made.DisposeAsync();

        Assert.False(before);
        Assert.Equal($"lease-1 {MintBench.Action().Id}\n", _bench["revoked"]);
    }

    [Fact]
    public async Task What_cannot_be_taken_back_is_logged_without_the_command()
    {
        var made = await MadeAsync($$"""echo '{"headers":{"X-Key":"abc"},"revoke":["/no/{{Canary}}"]}'""");

        await made.DisposeAsync();

        Assert.Contains("(revoke) cannot be started", _bench.Logged, StringComparison.Ordinal);
        Assert.DoesNotContain(Canary, _bench.Logged, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whatever_prints_a_credential_shows_no_secret()
    {
        await using var made = await MadeAsync($"echo 'Bearer {Canary}'");

        var shown = $"{made} {made.Headers[0]} {JsonSerializer.Serialize(made.Headers)} {new Minting.Made(made)}";

        Assert.Contains("(secret)", shown, StringComparison.Ordinal);
        Assert.DoesNotContain(Canary, shown, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Bearer canary-minted", """{"t":"you sent Bearer canary-minted"}""", """{"t":"you sent (secret)"}""")]
    [InlineData("Bearer canary-minted", """["canary-minted","canary-minted"]""", """["(secret)","(secret)"]""")]
    [InlineData("canary\"minted", """["canary\"minted"]""", """["(secret)"]""")]
    [InlineData("Bearer a+minted/1", """["a\u002Bminted\/1","a\u002bmint\u0065d/1"]""", """["(secret)","(secret)"]""")]
    [InlineData("Bearer canary-minted", """["\u0042earer\u0020canary-minted"]""", """["(secret)"]""")]
    [InlineData("canary-minted", """{"canary\u002dminted":{"canary-minted":1}}""", """{"(secret)":{"(secret)":1}}""")]
    [InlineData("canary-minted", """["\ud800\ncanary-minted\u00e9é"]""", """["\ud800\n(secret)\u00e9é"]""")]
    [InlineData("canary-minted", """[ "\u0041",1.0, "canary-minted" ]""", """[ "\u0041",1.0, "(secret)" ]""")]
    [InlineData("ccccccanary", """["cccccccccanary"]""", """["ccc(secret)"]""")]
    [InlineData("canary+minted", """["canary\\u002Bminted"]""", """["canary\\u002Bminted"]""")]
    [InlineData("short", """["short"]""", """["short"]""")]
    [InlineData("123456789", """["123456789",123456789]""", """["(secret)",123456789]""")]
    public void A_target_that_sends_the_secret_back_does_not_publish_it(string secret, string answer, string expected)
    {
        var made = new MintedCredential(
            [new CredentialHeader("Authorization", new Secret(secret))], default, () => Task.CompletedTask);

        var masked = new SecretMask(made.Secrets, maxDepth: 8).Apply(Encoding.UTF8.GetBytes(answer));

        Assert.Equal(expected, Encoding.UTF8.GetString(masked.Span));
    }

    private async Task<MintedCredential> MadeAsync(string script) =>
        Assert.IsType<Minting.Made>(await _bench.MintAsync(script, Cancel)).Credential;
}
