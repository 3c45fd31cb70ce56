namespace Countersign.Gates.Postgres.Statements;

/// <summary>A setting of the session that a statement may change while it runs.</summary>
/// <param name="Name">In lower case.</param>
/// <param name="Value">What it becomes.</param>
/// <param name="IsLocal">Whether it ends with the transaction; <c>null</c> where that is computed.</param>
internal readonly record struct SettingChange(string Name, string Value, bool? IsLocal);
