namespace Countersign.Gates.Postgres.Parsing;

/// <summary>
/// What texts have in common that differ only in constants whose value changes neither what they do to which object nor
/// the columns of their results. It means something only in the process that computed it.
/// </summary>
internal readonly record struct Shape(ulong First, ulong Second);
