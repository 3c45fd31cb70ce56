using System.Text;
using Countersign.Core.Actions;
using Countersign.Core.Ledger;
using Countersign.Core.Redaction;
using Countersign.Core.Redaction.Structured;
using Countersign.Core.Reviews;
using Countersign.Core.Records;
using Countersign.Gates.Postgres.Wire;
using Countersign.Tests.Postgres.Support;
using Npgsql;

namespace Countersign.Tests.Postgres.Masking;

/// <summary>What a session of a target that masks is like.</summary>
public sealed class MaskedSessionTests(PostgresServer server)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Errors_of_a_text_are_the_databases_own()
    {
        await using var host = await LeakHost.StartAsync(server);
        await using var tap = await WireTap.OpenAsync(host);

        Assert.Equal(
            "column \"nope\" does not exist",
            ErrorIn(await tap.QueryAsync("SELECT nope FROM customers")).Message);
        Assert.Equal("8", ErrorIn(await tap.QueryAsync("SELECT nope FROM customers")).Position);
        Assert.Equal("division by zero", ErrorIn(await tap.QueryAsync("SELECT 1 / 0")).Message);
        Assert.Equal(
            "invalid input syntax for type integer: \"x\"", ErrorIn(await tap.QueryAsync("SELECT 'x'::int")).Message);
        Assert.Equal("table \"nope\" does not exist", ErrorIn(await tap.QueryAsync("DROP TABLE nope")).Message);
        Assert.Equal(
            "column \"nope\" does not exist",
            ErrorIn(await tap.QueryAsync("COPY (SELECT nope FROM customers) TO STDOUT")).Message);
    }

    [Fact]
    public async Task A_constraint_is_named_and_the_values_it_does_not_take_are_not()
    {
        await using var host = await LeakHost.StartAsync(server);
        await using var tap = await WireTap.OpenAsync(host);

        var error = ErrorIn(await tap.QueryAsync("INSERT INTO twins SELECT ssn FROM customers WHERE id = 1"));

        Assert.Equal(("23505", "twins_pkey", "twins"), (error.Code, error.Constraint, error.Table));
        Assert.Equal("duplicate key value violates unique constraint \"twins_pkey\"", error.Message);
        Assert.Null(error.Detail);
    }

    [Fact]
    public async Task An_error_that_could_quote_a_value_keeps_its_sqlstate_and_says_why_it_says_no_more()
    {
        await using var host = await LeakHost.StartAsync(server);
        await using var tap = await WireTap.OpenAsync(host);

        var error = ErrorIn(await tap.QueryAsync("SELECT ssn::int FROM customers"));

        Assert.Equal(
            ("22P02", "invalid text representation (the database's words are withheld)"), (error.Code, error.Message));
        Assert.Contains("masks columns", error.Hint, StringComparison.Ordinal);
        Assert.All(host.Store.Actions, row => Assert.DoesNotContain("914-7", row.ToString(), StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_client_is_told_once_which_columns_are_masked()
    {
        await using var host = await LeakHost.StartAsync(server);
        await using var tap = await WireTap.OpenAsync(host);

        var first = await tap.QueryAsync("SELECT id, ssn, ssn_int AS n FROM customers");
        var second = await tap.QueryAsync("SELECT id, ssn, ssn_int AS n FROM customers");
        var other = await tap.QueryAsync("SELECT id, name FROM customers");

        Assert.Equal(["2 columns are masked for you: ssn, n"], NoticesIn(first));
        Assert.Empty(NoticesIn(second));
        Assert.Empty(NoticesIn(other));
    }

    [Fact]
    public async Task A_notification_arrives_without_what_it_carries()
    {
        await using var host = await LeakHost.StartAsync(server);
        await using var tap = await WireTap.OpenAsync(host);
        await tap.QueryAsync("LISTEN channel");
        await host.AskDirectlyAsync("SELECT pg_notify('channel', (SELECT ssn FROM customers WHERE id = 1))");

        WireMessage? heard;
        do
        {
            heard = await tap.ReadAsync();
        }
        while (heard is { Type: not BackendMessage.NotificationResponse });

        var body = NotificationResponseBody.Read(heard!.Value.Body);
        Assert.Equal(("channel", ""), (Text(body.Channel), Text(body.Payload)));
    }

    [Fact]
    public async Task A_setting_that_the_client_chose_is_reported()
    {
        await using var host = await LeakHost.StartAsync(server);
        await using var tap = await WireTap.OpenAsync(host);

        Assert.Contains(await tap.QueryAsync("SET application_name = 'mine'"), IsSetting);
        await tap.QueryAsync("SELECT tell()");
        Assert.DoesNotContain(await tap.QueryAsync("SET application_name = 'other'"), IsSetting);
    }

    [Fact]
    public async Task What_was_masked_is_counted_in_the_outcome()
    {
        await using var host = await LeakHost.StartAsync(server);
        await using var tap = await WireTap.OpenAsync(host);
        await tap.QueryAsync("UPDATE customers SET plain = 'x' RETURNING name, ssn, ssn_int");

        var ended = await host.UntilAsync(ActionState.Succeeded);

        Assert.Equal(
            """{"commands":["UPDATE 2"],"rows":2,"committed":true,"masked":{"field":2}}""",
            Encoding.UTF8.GetString(ended.Outcome!.Result!.Value.Span));
    }

    [Fact]
    public async Task A_result_over_the_api_is_masked_too()
    {
        await using var host = await LeakHost.StartAsync(server);
        await host.AskAsync("""{"text":"SELECT name, ssn, ssn_int FROM customers ORDER BY id"}""");

        var ended = await host.UntilAsync(ActionState.Succeeded);

        var result = Encoding.UTF8.GetString(ended.Outcome!.Result!.Value.Span);
        Assert.Contains(
            """["ann-visible","[field]",null],["bob-visible",null,null]""", result, StringComparison.Ordinal);
        Assert.Contains("""masked":{"field":2}""", result, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_error_over_the_api_holds_no_value()
    {
        await using var host = await LeakHost.StartAsync(server);
        await host.AskAsync("""{"text":"SELECT ssn::int FROM customers"}""");

        var ended = await host.UntilAsync(ActionState.Failed);

        Assert.Equal(
            "The database answered 22P02: invalid text representation (the database's words are withheld)",
            ended.Outcome!.Error);
    }

    [Fact]
    public async Task A_view_that_another_session_redefines_is_masked_anew_at_once()
    {
        await using var host = await LeakHost.StartAsync(server);
        await using var tap = await WireTap.OpenAsync(host);
        await using var other = await WireTap.OpenAsync(host);
        await tap.SendAsync(
            to => to.WriteParse("s"u8, "SELECT name FROM people ORDER BY id"u8, []), to => to.WriteSync());
        await tap.AnswerAsync();
        await other.QueryAsync(
            "CREATE OR REPLACE VIEW people AS SELECT id, ssn AS name, name AS number_of_person FROM customers");

        await tap.SendAsync(
            to => to.WriteBind([], "s"u8), to => to.WriteExecute([], 0), to => to.WriteSync());
        await tap.AnswerAsync();

        var heard = tap.TakeHeard();
        Assert.Null(Canary.FindIn(heard));
        Assert.Contains("[field]", Encoding.Latin1.GetString(heard), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Long_rows_are_masked_as_a_whole_and_pass_in_pieces_where_nothing_is_masked()
    {
        const int length = 3_000_000;
        await using var host = await LeakHost.StartAsync(server);
        await host.AskDirectlyAsync($"UPDATE customers SET ssn = ssn || repeat('x', {length}) WHERE id = 1");
        await using var tap = await WireTap.OpenAsync(host);

        var masked = await tap.QueryAsync("SELECT name, ssn FROM customers WHERE id = 1");
        var plain = await tap.QueryAsync($"SELECT name, repeat('y', {length}) FROM customers WHERE id = 1");
        var copied = await tap.QueryAsync("COPY (SELECT name, ssn FROM customers WHERE id = 1) TO STDOUT");

        Assert.Equal(["ann-visible", "[field]"], RowIn(masked));
        Assert.Equal(length, RowIn(plain)[1]!.Length);
        Assert.Equal("ann-visible\t[field]\n", Text(copied.Single(each => each.Type == BackendMessage.CopyData).Body));
    }

    [Fact]
    public async Task A_row_that_is_too_long_to_be_masked_ends_the_session_with_words()
    {
        await using var host = await LeakHost.StartAsync(server);
        await using var tap = await WireTap.OpenAsync(host);

        var answer = await tap.QueryAsync("SELECT ssn || repeat('x', 17000000) FROM customers WHERE id = 1");

        Assert.DoesNotContain(answer, message => message.Type == BackendMessage.DataRow);
        var error = ErrorIn(answer);
        Assert.Contains("are masked here", $"{error.Message} {error.Detail}", StringComparison.Ordinal);
    }

    [Fact]
    public async Task Values_are_found_in_columns_that_no_rule_names()
    {
        await using var host = await LeakHost.StartAsync(server);
        host.Redaction = new TargetRedaction(
            RedactionPlan.Create(new RedactionOptions { Mode = RedactionMode.Columns }), FieldRules.None);
        await using var tap = await WireTap.OpenAsync(host);

        var answer = await tap.QueryAsync(
            "SELECT 'write to ann@acme.org', '{\"a\": \"ann@acme.org\"}'::jsonb, 4111111111111111 AS card, " +
            "ARRAY['ann@acme.org'], 5 AS plain");

        Assert.Equal(["write to [email]", "{\"a\": \"[email]\"}", null, null, "5"], RowIn(answer));
        Assert.DoesNotContain("ann@acme", Encoding.Latin1.GetString(tap.TakeHeard()), StringComparison.Ordinal);
        var binary = await tap.ExtendedAsync(
            "SELECT 'write to ann@acme.org', '{\"a\": \"ann@acme.org\"}'::jsonb, 4111111111111111 AS card, " +
            "ARRAY['ann@acme.org']",
            isBinary: true);
        Assert.Equal(["write to [email]", "\u0001{\"a\": \"[email]\"}", null, null], RowIn(binary));
        await tap.QueryAsync("SELECT 'ann@acme.org'::int");
        await tap.QueryAsync("SELECT 1 AS \"ann@acme.org\"");
        await tap.QueryAsync("COPY (SELECT 'ann@acme.org', 5) TO STDOUT");
        Assert.DoesNotContain("ann@acme", Encoding.Latin1.GetString(tap.TakeHeard()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_result_without_masked_columns_arrives_as_it_is_over_every_protocol()
    {
        await using var host = await LeakHost.StartAsync(server);
        await using var tap = await WireTap.OpenAsync(host);
        const string text = "SELECT name, 'x'::text FROM customers WHERE id = 1";

        Assert.Equal(["ann-visible", "x"], RowIn(await tap.QueryAsync(text)));
        Assert.Equal(["ann-visible", "x"], RowIn(await tap.ExtendedAsync(text, isBinary: false)));
        Assert.Equal(["ann-visible", "x"], RowIn(await tap.ExtendedAsync(text, isBinary: true)));
    }

    [Fact]
    public async Task Npgsql_reads_masked_results_in_binary_and_prepared()
    {
        await using var host = await LeakHost.StartAsync(server);
        await using var connection = await host.ConnectAsync();
        await using var command = new NpgsqlCommand(
            "SELECT id, name, ssn, ssn_number, ssn_int, profile, numbers, raw FROM customers WHERE id = $1",
            connection);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = 1 });
        await command.PrepareAsync(Cancelled);
        for (var i = 0; i < 10; i++)
        {
            await using var reader = await command.ExecuteReaderAsync(Cancelled);
            Assert.True(await reader.ReadAsync(Cancelled));
            Assert.Equal("ann-visible", reader.GetString(1));
            Assert.Equal("[field]", reader.GetString(2));
            Assert.Equal("\"[field]\"", reader.GetString(5));
            Assert.All(new[] { 3, 4, 6, 7 }, column => Assert.True(reader.IsDBNull(column)));
        }
    }

    [Fact]
    public async Task A_text_type_of_an_extension_is_masked_as_text()
    {
        await using var host = await PostgresHost.StartAsync(
            server, LeakShop.AllowAll, Words, isStatic: true);
        host.Redaction = new TargetRedaction(Values: null, FieldRules.Of(
            new FieldRule.Column("words.word", Treatment.Redact), new FieldRule.Column("words.mood", Treatment.Redact),
            new FieldRule.Column("words.shape", Treatment.Redact)));
        await using var tap = await WireTap.OpenAsync(host);
        const string text = "SELECT id::text, word, mood, shape FROM words";

        Assert.Equal(["1", "[field]", null, null], RowIn(await tap.QueryAsync(text)));
        Assert.Equal(["1", "[field]", null, null], RowIn(await tap.ExtendedAsync(text, isBinary: true)));

        await host.AskDirectlyAsync("ALTER TABLE words ADD other citext DEFAULT 'secret'");
        Assert.Equal(["secret"], RowIn(await tap.QueryAsync("SELECT other FROM words")));
    }

    /// <summary>A text of an extension, an enum and a type with functions of its own.</summary>
    private const string Words = """
        CREATE EXTENSION citext;
        CREATE EXTENSION ltree;
        CREATE TYPE mood AS ENUM ('secret', 'open');
        CREATE TABLE words (id int, word citext, mood mood, shape ltree);
        INSERT INTO words VALUES (1, 'secret', 'secret', 'secret');
        """;

    /// <summary>
    /// Configuration refuses this; a rule of a policy that comes into force later may say it all the same.
    /// </summary>
    [Theory]
    [InlineData("", true)]
    [InlineData("\n    record: behind", true)]
    [InlineData("", false)]
    public async Task What_is_masked_is_recorded_before_it_leaves_whatever_target_and_policy_say(
        string rule, bool isMasked)
    {
        await using var host = await LeakHost.StartAsync(server);
        host.Record = RecordMode.Behind;
        host.Redaction = isMasked ? host.Redaction : TargetRedaction.None;
        await using var tap = await WireTap.OpenAsync(host);
        await tap.QueryAsync("SELECT 1");
        host.Enforce(LeakShop.AllowAll.Replace("then: allow", "then: allow" + rule));

        await tap.QueryAsync("SELECT name FROM customers");

        Assert.Equal(!isMasked, host.Store.Entries.Any(entry => entry.Type == EntryType.RecordingWindow));
    }

    private static bool IsSetting(WireMessage message) => message.Type == BackendMessage.ParameterStatus;

    private static string Text(ReadOnlySpan<byte> utf8) => Encoding.UTF8.GetString(utf8);

    private static ErrorFields ErrorIn(IReadOnlyList<WireMessage> answer) =>
        ErrorFields.Read(answer.Single(message => message.Type == BackendMessage.ErrorResponse).Body);

    private static List<string> NoticesIn(IReadOnlyList<WireMessage> answer) =>
    [
        .. answer.Where(message => message.Type == BackendMessage.NoticeResponse)
            .Select(message => ErrorFields.Read(message.Body).Message),
    ];

    private static List<string?> RowIn(IReadOnlyList<WireMessage> answer)
    {
        var row = DataRowBody.Read(answer.Single(message => message.Type == BackendMessage.DataRow).Body);
        var values = new List<string?>();
        while (row.MoveNext())
        {
            values.Add(row.IsNull ? null : Text(row.Current));
        }

        return values;
    }
}
