/* See model.h. */
#include "contract/model.h"

#include "contract/builtin.h"

const struct ct_type *ct_model_type(const struct ct_model *model, struct ct_name name)
{
    return ct_table_find(&model->table, CT_KIND_TYPE, name);
}

const struct ct_element *ct_model_element(const struct ct_model *model, struct ct_name name)
{
    return ct_table_find(&model->table, CT_KIND_ELEMENT, name);
}

const struct ct_type *ct_model_used(const struct ct_model *model, const struct ct_type_use *use)
{
    if (use->type)
        return use->type;
    return use->name.local ? ct_model_type(model, use->name) : ct_builtin_any();
}

bool ct_model_derives(const struct ct_model *model, const struct ct_type *type,
                      const struct ct_type *base)
{
    if (ct_model_is_any(base))
        return true;
    for (int i = 0; type && i < CT_MODEL_DERIVATIONS; i++) {
        if (type == base)
            return true;
        if (ct_model_is_any(type))
            return false;
        type = ct_model_used(model, &type->base);
    }
    return false;
}

bool ct_model_is_any(const struct ct_type *type)
{
    return type == ct_builtin_any();
}

const char *ct_model_type_text(const struct ct_model *model, const struct ct_type *type)
{
    for (int i = 0; type && i < CT_MODEL_DERIVATIONS; i++) {
        if (type->name.local)
            return type->name.local;
        if (type->is_complex && !type->has_simple_content)
            return "";
        type = ct_model_used(model, type->is_list ? &type->item : &type->base);
    }
    return "";
}
