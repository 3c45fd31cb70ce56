using System.Text;
using Countersign.Core.Actions;
using Countersign.Core.Policies;
using Countersign.Core.Reads;
using Countersign.Core.Reviews;
using Countersign.Tests.Core;

namespace Countersign.Tests.Reads;

/// <summary>Statements and reads of them; parameters are JSON already.</summary>
internal static class ReadSample
{
    public static ReadStatement Balance { get; } = StatementOf("SELECT balance FROM accounts WHERE id = $1");

    public static ReadStatement Now { get; } = StatementOf("SELECT now()");

    public static ReadStatement StatementOf(string text) => new(
        "sql",
        text,
        Facts.Of("sql", ("read_only", true)),
        Demand.Nothing(PolicyHash.Of("a policy"u8)),
        static (json, parameters) => json.WriteRawValue(parameters));

    public static ReadNote Note(ReadStatement statement, string parameters = "[1]", DateTimeOffset at = default) =>
        new(statement, Encoding.UTF8.GetBytes(parameters), at)
        {
            Rows = 1,
            Bytes = 57,
            Duration = TimeSpan.FromMicroseconds(300),
            State = OutcomeState.Succeeded,
        };

    public static ReadSession SessionOf(Asking asking) => new(asking.Asker, asking.Target, GateKind.Postgres)
    {
        Claimed = Claimed.Of(null, "pgbench"),
    };
}
