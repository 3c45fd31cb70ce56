using System.Buffers.Binary;
using System.Text;
using Countersign.Core.Actions;
using Countersign.Core.Reviews;
using Countersign.Gates.Postgres.Wire;
using Countersign.Tests.Postgres.Support;
using Countersign.Tests.Postgres.Wire;

namespace Countersign.Tests.Postgres.Bypass;

/// <summary>
/// Items of the catalogue that no single text makes, with a baseline that may write and with one that may not.
/// </summary>
public sealed class BindTricksTests(PostgresServer server)
{
    private const uint Int4 = 23;
    private const uint Text = 25;
    private const uint Regclass = 2205;

    /// <summary>PG-31: a name that only looks like another one leads to no relation.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_name_of_foreign_letters_is_another_name(bool mayWrite)
    {
        await using var prey = await Prey.SetAsync(server, mayWrite);
        await using var session = await RawSession.OpenAsync(prey.Host);

        Assert.Contains("error 42P01", await session.AskAsync("DELETE FROM \u043erders"), StringComparison.Ordinal);
        await prey.AssertUntouchedAsync();
    }

    /// <summary>PG-39: people approved a call of one body, and another one would run.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_body_that_changed_after_it_was_approved_does_not_run(bool mayWrite)
    {
        await using var prey = await Prey.SetAsync(server, mayWrite);
        await using var session = await RawSession.OpenAsync(prey.Host);
        Assert.EndsWith("held", await session.AskAsync("SELECT evil.stable()"), StringComparison.Ordinal);
        var held = await prey.Host.UntilAsync(ActionState.Pending);
        await prey.Host.AskDirectlyAsync("""
            CREATE OR REPLACE FUNCTION evil.wipe() RETURNS int LANGUAGE plpgsql SECURITY DEFINER AS
                'BEGIN DELETE FROM public.orders; DELETE FROM public.secrets; RETURN 2; END'
            """);

        await prey.Host.DecideAsync(held, Decision.Approve);

        Assert.Contains("error 42501", await session.AnswerAsync(), StringComparison.Ordinal);
        Assert.Equal(10L, await prey.Host.AskDirectlyAsync("SELECT count(*) FROM orders"));
        Assert.Equal(1L, await prey.Host.AskDirectlyAsync("SELECT count(*) FROM secrets"));
    }

    /// <summary>PG-44: a portal keeps the statement that it was bound to.</summary>
    [Theory]
    [InlineData(true, "")]
    [InlineData(false, "")]
    [InlineData(true, "s")]
    [InlineData(false, "s")]
    public async Task A_portal_does_not_follow_the_name_of_its_statement(bool mayWrite, string name)
    {
        await using var prey = await Prey.SetAsync(server, mayWrite);
        await using var session = await RawSession.OpenAsync(prey.Host);
        const string read = "SELECT 7";
        const string write = "DELETE FROM orders";

        await session.SendAsync(
            RawSession.Parse(read, name), RawSession.Bind(name, "c"), Close(name), RawSession.Parse(write, name),
            RawSession.Execute("c"), RawSession.Sync);
        Assert.Contains("row 7", await session.AnswerAsync(), StringComparison.Ordinal);

        await session.SendAsync(
            Close(name), RawSession.Parse(write, name), RawSession.Bind(name, "d"), Close(name),
            RawSession.Parse(read, name), RawSession.Execute("d"), RawSession.Sync);
        var answer = await session.AnswerAsync();
        Assert.True(
            answer.EndsWith("held", StringComparison.Ordinal) || answer.Contains("error ", StringComparison.Ordinal),
            answer);
        Assert.DoesNotContain("row", answer, StringComparison.Ordinal);
        await prey.AssertUntouchedAsync();
    }

    /// <summary>PG-46: people read what a binary value is, and it is part of what they approve.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_binary_value_is_shown_by_its_type(bool mayWrite)
    {
        await using var prey = await Prey.SetAsync(server, mayWrite);

        var three = await HeldAsync(prey, "DELETE FROM orders WHERE id = $1", Int4, [0, 0, 0, 3]);
        Assert.Contains("\"3\"", three, StringComparison.Ordinal);
        Assert.Contains("integer", three, StringComparison.Ordinal);
        var four = await HeldAsync(prey, "DELETE FROM orders WHERE id = $1", Int4, [0, 0, 0, 4]);
        Assert.NotEqual(three, four);
        await prey.AssertUntouchedAsync();
    }

    /// <summary>PG-46: values that name objects, and values that are run.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_value_that_names_an_object_or_is_run_later_does_not_pass(bool mayWrite)
    {
        await using var prey = await Prey.SetAsync(server, mayWrite);
        var numbers = (uint)(int)(await prey.Host.AskDirectlyAsync("SELECT 'numbers'::regclass::oid::int"))!;
        var bytes = new byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, numbers);
        await AssertStoppedAsync(prey, "SELECT nextval($1)", Regclass, bytes);
        await AssertStoppedAsync(
            prey, "SELECT query_to_xml($1, true, false, '')", Text, "SELECT evil.wipe()"u8.ToArray());
        await AssertStoppedAsync(prey, "SELECT set_config($1, 'evil', false)", Text, "search_path"u8.ToArray());
        await prey.AssertUntouchedAsync();
    }

    /// <summary>PG-48: encryption is asked for once, and nothing is said before the answer.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Encryption_is_asked_for_once_and_before_anything_else(bool mayWrite)
    {
        await using var prey = await Prey.SetAsync(server, mayWrite);
        var ssl = Bytes.Of(static to => to.WriteSslRequest());
        byte[] gss = [0, 0, 0, 8, 0x04, 0xD2, 0x16, 0x30];
        var query = Bytes.Of(static to => to.WriteQuery("DELETE FROM orders"u8));

        await AssertClosedAsync(prey, [.. ssl, .. ssl]);
        await AssertClosedAsync(prey, [.. gss, .. gss]);
        await AssertClosedAsync(prey, [.. ssl, .. query]);
        await AssertClosedAsync(prey, [.. gss, .. query]);
        await AssertClosedAsync(prey, query);
        await prey.AssertUntouchedAsync();
    }

    private static Action<WireWriter> Close(string name) => to => to.WriteClose(
        Preparation.Statement, Encoding.UTF8.GetBytes(name));

    private static Action<WireWriter>[] WithBinary(string text, uint type, byte[] value) =>
    [
        to => to.WriteParse([], Encoding.UTF8.GetBytes(text), [type]),
        to => to.WriteBind([], [], [0, 1, 0, 1, 0, 1, 0, 0, 0, (byte)value.Length, .. value, 0, 0]),
        RawSession.Execute(), RawSession.Sync,
    ];

    private static async Task<string> HeldAsync(Prey prey, string text, uint type, byte[] value)
    {
        await using var session = await RawSession.OpenAsync(prey.Host);
        await session.SendAsync(WithBinary(text, type, value));
        Assert.EndsWith("held", await session.AnswerAsync(), StringComparison.Ordinal);
        var held = await prey.Host.UntilAsync(ActionState.Pending);
        await prey.Host.DecideAsync(held, Decision.Deny);
        await session.AnswerAsync();
        return Encoding.UTF8.GetString(held.Action.Arguments.Bytes.Span);
    }

    private static async Task AssertStoppedAsync(Prey prey, string text, uint type, byte[] value)
    {
        await using var session = await RawSession.OpenAsync(prey.Host);
        await session.SendAsync(WithBinary(text, type, value));
        var answer = await session.AnswerAsync();
        Assert.True(
            answer.EndsWith("held", StringComparison.Ordinal) || answer.Contains("error ", StringComparison.Ordinal),
            answer);
    }

    private static async Task AssertClosedAsync(Prey prey, byte[] opening)
    {
        await using var session = await RawSession.ConnectAsync(prey.Host);
        await session.SendAsync(opening);
        Assert.DoesNotContain("done", await session.RestAsync(), StringComparison.Ordinal);
    }
}
