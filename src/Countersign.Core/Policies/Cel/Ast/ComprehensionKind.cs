namespace Countersign.Core.Policies.Cel.Ast;

/// <summary>The macros that walk a list or a map.</summary>
internal enum ComprehensionKind
{
    All,
    Exists,
    ExistsOne,
    Map,
    Filter,
    TransformList,
    TransformMap,
    TransformMapEntry,
    SortBy,
}
