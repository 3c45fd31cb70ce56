using System.Text;
using Countersign.Gates.Postgres.Wire;

namespace Countersign.Tests.Postgres.Model;

/// <summary>What a client says at once, with a name that a failing walk is told by.</summary>
internal sealed record Letter(string Name, byte[] Bytes)
{
    public static Letter operator +(Letter one, Letter next) =>
        new($"{one.Name} {next.Name}", [.. one.Bytes, .. next.Bytes]);

    public override string ToString() => $"[{Name}]";
}

/// <summary>The few texts and names of the modelled connections, and the messages that they make.</summary>
internal static class Vocabulary
{
    public const string Read = "SELECT id FROM orders";
    public const string OtherRead = "SELECT total FROM orders";

    /// <summary>The database does not parse it.</summary>
    public const string Broken = "SELECT nope FROM orders";

    /// <summary>It fails when it runs.</summary>
    public const string Failing = "SELECT 1 / 0";

    /// <summary>The policy forbids it.</summary>
    public const string Denied = "DELETE FROM orders";

    /// <summary>People are asked and agree.</summary>
    public const string Approved = "UPDATE orders SET total = 1 WHERE id = 1";

    /// <summary>People are asked and say no.</summary>
    public const string Rejected = "UPDATE orders SET total = 2 WHERE id = 2";

    /// <summary>A change that the policy allows.</summary>
    public const string Allowed = "INSERT INTO orders VALUES (99)";

    /// <summary>After it, what a text means has to be asked for.</summary>
    public const string Setting = "SET search_path = public";

    public const string CopyOut = "COPY orders TO STDOUT";

    /// <summary>Rows from the client, which the policy allows.</summary>
    public const string CopyIn = "COPY orders FROM STDIN";

    public const string Rules = """
        version: 1
        default: { require: { stages: [ { of: group:dba, need: 1, within: 15m } ], assurance: token } }
        rules:
          - id: reads
            when: sql.read_only
            then: allow
          - id: all-rows
            when: sql.no_where
            then: deny
          - id: inserts
            when: sql.verbs.exists(verb, verb == "INSERT" || verb == "COPY FROM")
            then: allow
        """;

    private static readonly string[] s_texts =
    [
        Read, OtherRead, Broken, Failing, Denied, Approved, Rejected, Allowed, Setting, CopyOut,
        "BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT a", "ROLLBACK TO a", "RELEASE a",
    ];

    public static readonly Letter Sync = new("S", Bytes(to => to.WriteSync()));

    public static readonly Letter Terminate = new("X", Bytes(to => to.WriteTerminate()));

    public static readonly Letter FunctionCall =
        new("F", Wire.Bytes.Message('F', (byte[])[0, 0, 0, 1, 0, 0, 0, 0, 0, 0]));

    // Static members are made in the order in which they are written.
    private static readonly Letter s_data = new("d", Bytes(to => to.WriteCopyData("1\n"u8)));

    private static readonly Letter s_done = new("c", Bytes(to => to.WriteCopyDone()));

    private static readonly Letter s_fail = new("f", Bytes(to => to.WriteCopyFail("no more")));

    /// <summary>What brings a connection back to where it began.</summary>
    public static readonly Letter[] Reset =
    [
        Sync, Close(Preparation.Statement, "s"), Query("ROLLBACK"),
    ];

    /// <summary>Few enough for all of their sequences.</summary>
    public static readonly Letter[] Core =
    [
        Sync, Parse("", Read), Parse("", Denied), Parse("s", Approved), Bind("", ""), Bind("", "s"), Execute("", 0),
        Close(Preparation.Statement, "s"), Query(Broken),
    ];

    private static readonly Letter[] s_parses =
        [.. s_texts.SelectMany(text => new[] { Parse("", text), Parse("s", text) })];

    private static readonly Letter[] s_wholes =
    [
        .. s_texts.SelectMany(text => new[] { Whole("", "", text), Whole("", "c", text), Whole("", "", text) + Sync }),
        Whole("s", "c", Read), Whole("s", "c", Approved), Whole("s", "", Allowed) + Sync,
        Whole("", "", $"PREPARE s AS {Read}"), Whole("", "", $"PREPARE s AS {Denied}"),
        Whole("k", "k", CopyIn) + s_data + s_done + Close(Preparation.Statement, "k"),
        Whole("k", "k", CopyIn) + Sync + s_data + s_data + s_done + Close(Preparation.Statement, "k") + Sync,
        Whole("k", "k", CopyIn) + s_data + s_fail + Close(Preparation.Statement, "k"),
        Whole("", "", "SAVEPOINT a") + Whole("s", "c", Read), Whole("", "", "SAVEPOINT a") + Whole("s", "c", Approved),
        Whole("", "", "ROLLBACK TO a") + Bind("c", "s") + Execute("c", 0),
        Whole("", "", "DEALLOCATE s") + Close(Preparation.Statement, ""), Whole("", "", "DEALLOCATE ALL"),
    ];

    private static readonly Letter[] s_queries =
    [
        .. s_texts.Select(Query), Query($"{Read}; {OtherRead}"), Query($"{Read}; {Allowed}"),
        Query($"{Read}; {Denied}"),
        Query(""), Query("PREPARE s AS " + Read), Query("PREPARE s AS " + Denied), Query("EXECUTE s"),
        Query("DEALLOCATE s"), Query("DEALLOCATE ALL"), Query(CopyIn) + s_data + s_done, Query(CopyIn) + s_fail,
    ];

    private static readonly Letter[] s_binds =
        [Bind("", ""), Bind("", ""), Bind("", "s"), Bind("c", ""), Bind("c", "s"), Bind("c", "missing")];

    private static readonly Letter[] s_executes =
        [Execute("", 0), Execute("", 0), Execute("c", 0), Execute("c", 1), Execute("missing", 0)];

    private static readonly Letter[] s_others =
    [
        new("D s", Bytes(to => to.WriteDescribe(Preparation.Statement, "s"u8))),
        new("D c", Bytes(to => to.WriteDescribe(Preparation.Portal, "c"u8))),
        Close(Preparation.Statement, ""), Close(Preparation.Statement, "s"), Close(Preparation.Portal, "c"),
        new("H", Bytes(to => to.WriteFlush())), FunctionCall,
        s_data, s_done,
    ];

    /// <summary>The next of a random walk; of each kind about as many as clients send.</summary>
    public static Letter Next(Random random) => random.Next(12) switch
    {
        0 or 1 => One(random, s_parses),
        2 or 3 => One(random, s_binds),
        4 or 5 => One(random, s_executes),
        6 => One(random, s_queries),
        7 or 8 => Sync,
        9 => One(random, s_others),
        _ => One(random, s_wholes),
    };

    public static Letter Query(string text) => new(
        $"Q {text}", Bytes(to => to.WriteQuery(Encoding.UTF8.GetBytes(text))));

    private static Letter One(Random random, Letter[] letters) => letters[random.Next(letters.Length)];

    private static Letter Parse(string name, string text) => new(
        $"P {name}={text}", Bytes(to => to.WriteParse(Encoding.UTF8.GetBytes(name), Encoding.UTF8.GetBytes(text), [])));

    private static Letter Bind(string portal, string statement) => new(
        $"B {portal}<{statement}",
        Bytes(to => to.WriteBind(Encoding.UTF8.GetBytes(portal), Encoding.UTF8.GetBytes(statement))));

    private static Letter Execute(string portal, int maxRows) => new(
        $"E {portal}/{maxRows}", Bytes(to => to.WriteExecute(Encoding.UTF8.GetBytes(portal), maxRows)));

    private static Letter Close(Preparation what, string name) => new(
        $"C {what} {name}", Bytes(to => to.WriteClose(what, Encoding.UTF8.GetBytes(name))));

    /// <summary>As drivers send a statement.</summary>
    private static Letter Whole(string name, string portal, string text) =>
        Parse(name, text) + Bind(portal, name) + Execute(portal, 0);

    private static byte[] Bytes(Action<WireWriter> write) => Wire.Bytes.Of(write);
}
